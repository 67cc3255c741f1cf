import type { StockActivities } from '../activities/stock.js';
import { backInStockWorkflowId } from './contracts.js';
import type { Risk } from './parking.js';
import { startApart } from './start-apart.js';
import { withoutFlow, type Sweep } from './without-flow.js';

const database: Risk<StockActivities> = { startToCloseTimeout: '10s' };

/** Ends notices that are too old, and has those told who wait for what is there and whose flow is gone. */
export async function sweepNotices(sweep: Sweep): Promise<void> {
  const { parking } = sweep;
  await parking.local(database, { name: 'End old stock notices' }, (run) => run.expireNotices());
  await withoutFlow(sweep, {
    stage: 'notices',
    page: (page) =>
      parking.local(database, { name: 'Find what is there and waited for' }, (run) => run.findWaitedFor(page)),
    id: (variantId) => variantId,
    workflowId: backInStockWorkflowId,
    // Only mails are at stake, and the outbox starts it when it comes back anew.
    stoppedStay: true,
    takeOver: (variantId) => startApart('backInStock', backInStockWorkflowId(variantId), { variantId }),
  });
}
