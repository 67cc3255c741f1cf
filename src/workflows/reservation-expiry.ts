import { CancellationScope, condition, defineSignal, isCancellation, setHandler } from '@temporalio/workflow';
import type { CheckoutActivities } from '../activities/checkout.js';
import type { FlowActivities } from '../activities/flows.js';
import type { HoldActivities } from '../activities/holds.js';
import type { NotificationActivities } from '../activities/notifications.js';
import {
  checkoutRecoveryWorkflowId,
  checkoutWorkflowId,
  notifyWorkflowId,
  type ReservationExpiryInput,
} from './contracts.js';
import { sweepNotices } from './notice-sweep.js';
import { sweepOrders } from './order-sweep.js';
import { createParking, refusalCode, type Risk } from './parking.js';
import { patched } from './patched.js';
import { startApart } from './start-apart.js';
import { BATCH, withoutFlow, type Sweep, type SweepProgress, type Swept } from './without-flow.js';

const database: Risk<HoldActivities> = { startToCloseTimeout: '10s' };
const checkouts: Risk<CheckoutActivities> = { startToCloseTimeout: '10s' };
const flows: Risk<FlowActivities> = { startToCloseTimeout: '20s' };
const messages: Risk<NotificationActivities> = { startToCloseTimeout: '10s' };
const mail: Risk<NotificationActivities> = { startToCloseTimeout: '30s' };

/** The hold was extended, released or handed over: look at it again. */
export const holdChanged = defineSignal('holdChanged');

/**
 * Ends a cart's hold when its time is up, by the database's clock: warns a minute before, follows an
 * extension, and ends at once when the hold was released or handed to a checkout.
 */
export async function reservationExpiry({ holdId }: ReservationExpiryInput): Promise<'expired' | 'ended'> {
  let changed = false;
  setHandler(holdChanged, () => {
    changed = true;
  });
  const parking = createParking();
  for (;;) {
    changed = false;
    const hold = await parking.local(database, { name: 'Read the hold' }, (run) => run.readHold({ holdId }));
    if (hold.state !== 'live') {
      parking.describe(`Hold ${holdId}: over, ${hold.state}.`);
      return hold.state === 'expired' ? 'expired' : 'ended';
    }
    const endsAt = Date.now() + hold.remainingMs;
    const untilWarning = hold.remainingMs - hold.warningMs;
    if (untilWarning > 0) {
      parking.describe(`Hold ${holdId}: the stock is held. Next: warn the customer before the end.`);
      if (await condition(() => changed, untilWarning)) continue;
    }
    parking.describe(`Hold ${holdId}: its end is near. Next: give the stock back, unless it is extended or bought.`);
    // Beside the waiting: a dead mail server holds no stock.
    const warning = new CancellationScope();
    const warned = warning.run(warn).catch(unlessNotGiven);
    const left = endsAt - Date.now();
    const looksAgain = left > 0 && (await condition(() => changed, left));
    warning.cancel();
    await warned;
    if (looksAgain) continue;
    if (await parking.local(database, { name: 'Give the held stock back' }, (run) => run.expireHold({ holdId }))) {
      parking.describe(`Hold ${holdId}: over, expired; the stock is given back.`);
      return 'expired';
    }
  }

  async function warn(): Promise<void> {
    const due = await parking.local(database, { name: 'Note the warning' }, (run) => run.markHoldWarned({ holdId }));
    if (due) await parking.step(mail, { name: 'Warn the customer' }, (run) => run.sendHoldWarning({ holdId }));
  }
}

/** A warning that was cut short, or is refused, ends no hold. */
function unlessNotGiven(error: unknown): void {
  if (!isCancellation(error) && refusalCode(error) === undefined) throw error;
}

const GRACE_MS = 15_000;
/** Reservation rows that are ended in one transaction, whose stock is locked for so long. */
const LOT = 100;

/**
 * What flows left behind, on a Schedule: overdue holds are released, a lot at a time; checkouts and pending orders whose
 * flow is gone get a recovery flow, customers whom no flow tells any more get one that does, page by page, and so do
 * cancellations, refunds, and those who wait for what is back in stock.
 */
export async function reservationSweep(before: Partial<SweepProgress> = {}): Promise<Swept> {
  const parking = createParking();
  parking.describe('Looking for holds, checkouts and messages whose flow is gone.');
  const inLots = patched('swept-in-lots');
  const swept = { holds: 0, checkouts: 0, untold: 0, ...before.swept };
  const sweep: Sweep = { parking, before, swept, inLots };
  if (before.stage === undefined) swept.holds = await (inLots ? endHoldsInLots() : endHolds());

  await withoutFlow(sweep, {
    stage: 'checkouts',
    page: (page) =>
      parking.local(checkouts, { name: 'Find overdue checkouts' }, (run) =>
        run.findOverdueCheckouts({ graceMs: GRACE_MS, ...page }),
      ),
    id: ({ checkoutId }) => checkoutId,
    workflowId: ({ checkoutId }) => checkoutWorkflowId(checkoutId),
    takeOver: (orphan) => {
      const { checkoutId } = orphan;
      const input = { checkoutId, recover: true };
      return startApart('checkout', checkoutRecoveryWorkflowId(checkoutId), input, orphan);
    },
    count: 'checkouts',
  });
  await withoutFlow(sweep, {
    stage: 'messages',
    page: (page) => parking.local(messages, { name: 'Find untold orders' }, (run) => run.findUntoldOrders(page)),
    id: (orderId) => orderId,
    workflowId: notifyWorkflowId,
    takeOver: (orderId) => startApart('notify', notifyWorkflowId(orderId), { orderId }, { orderId }),
    count: 'untold',
  });
  if (patched('orders-swept')) await sweepOrders(sweep);
  if (patched('notices-swept')) await sweepNotices(sweep);
  await parking.local(flows, { name: 'Forget old idempotency keys' }, (run) => run.forgetIdempotencyKeys());
  parking.describe(
    `Done: ${swept.holds} holds ended, ${swept.checkouts} checkouts and ${swept.untold} messages got a flow.`,
  );
  return swept;

  async function endHolds(): Promise<number> {
    const overdue = await parking.local(database, { name: 'Find overdue holds' }, (run) =>
      run.findOverdueHolds({ graceMs: GRACE_MS, limit: BATCH }),
    );
    let ended = 0;
    for (const holdId of overdue)
      if (await parking.local(database, { name: 'Give the held stock back' }, (run) => run.expireHold({ holdId })))
        ended += 1;
    return ended;
  }

  async function endHoldsInLots(): Promise<number> {
    const lot = { graceMs: GRACE_MS, limit: LOT };
    const give = (name: string, end: (run: HoldActivities) => Promise<number>) =>
      untilNone(() => parking.local(database, { name }, end));
    const ended = await give('Give overdue held stock back', (run) => run.endOverdueHolds(lot));
    await give('Give back what nobody owns', (run) => run.releaseOwnerless(lot));
    return ended;
  }
}

/** Does it again until there was nothing to do; answers how much there was. */
async function untilNone(work: () => Promise<number>): Promise<number> {
  for (let total = 0; ;) {
    const done = await work();
    if (done === 0) return total;
    total += done;
  }
}
