import { continueAsNew, defineSignal, setHandler, sleep, workflowInfo } from '@temporalio/workflow';
import type { StockActivities } from '../activities/stock.js';
import { STOCK_BACK, type BackInStockInput } from './contracts.js';
import { createParking, type Risk } from './parking.js';

const database: Risk<StockActivities> = { startToCloseTimeout: '10s' };
const delivery: Risk<StockActivities> = { startToCloseTimeout: '20s' };

/** How many are told for each piece: not everybody who waited buys. */
const FOR_EACH_PIECE = 3;
const BETWEEN_WAVES = '1 hour';
const PAGE = 100;
/** Events after which it goes on with a new history: far below what the server refuses. */
const LONG_HISTORY = 8_000;

/** The variant came back once more, or is on sale again. */
export const stockBack = defineSignal(STOCK_BACK);

/**
 * Tells those who wait for a variant that it is back, in the order they asked: so many for each piece, and after an hour the
 * next ones, if there is still some. When none is left it ends, and the others go on waiting.
 */
export async function backInStock({
  variantId,
  told: toldBefore = 0,
  wave: begun = null,
}: BackInStockInput): Promise<{ readonly told: number }> {
  let again = false;
  setHandler(stockBack, () => {
    again = true;
  });
  const parking = createParking();
  const describe = (state: string): void => parking.describe(`Variant ${variantId}: ${state} Told so far: ${told}.`);
  let told = toldBefore;
  /** How many of this wave are still to be told; null: the next look begins one. */
  let wave = begun;
  for (;;) {
    again = false;
    describe('looking who waits for it.');
    const { available, noticeIds } = await parking.local(database, { name: 'Find who waits' }, (run) =>
      run.findWaiting({ variantId, limit: PAGE }),
    );
    if (available === 0 || noticeIds.length === 0) {
      if (again) continue;
      describe(
        `over; ${noticeIds.length === 0 ? 'nobody waits any more.' : 'none is left to buy, the others go on waiting.'}`,
      );
      return { told };
    }
    if (wave === 0) {
      describe('those told have an hour to buy. Next: look whether some is left for those who still wait.');
      await sleep(BETWEEN_WAVES);
      wave = null;
    } else {
      wave ??= available * FOR_EACH_PIECE;
      describe('telling those who wait, in the order they asked.');
      for (const noticeId of noticeIds.slice(0, wave)) {
        const outcome = await tell(noticeId);
        if (outcome === 'sold_out') break;
        if (outcome !== 'sent') continue;
        told += 1;
        wave -= 1;
      }
    }
    if (workflowInfo().historyLength > LONG_HISTORY) await continueAsNew<typeof backInStock>({ variantId, told, wave });
  }

  function tell(noticeId: string) {
    const step = { name: 'Tell one who waits', helps: 'Look at the mail server.' };
    return parking.step(delivery, step, (run) => run.sendStockNotice({ noticeId }));
  }
}
