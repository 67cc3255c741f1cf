import type { RefundActivities } from '../activities/refunds.js';
import { cancelOrderWorkflowId, refundWorkflowId } from './contracts.js';
import type { Risk } from './parking.js';
import { startApart } from './start-apart.js';
import { withoutFlow, type Sweep } from './without-flow.js';

const orders: Risk<RefundActivities> = { startToCloseTimeout: '10s' };

/** Cancellations and refunds that have no end and no flow get one. */
export async function sweepOrders(sweep: Sweep): Promise<void> {
  const { parking } = sweep;
  await withoutFlow(sweep, {
    stage: 'cancellations',
    page: (page) =>
      parking.local(orders, { name: 'Find open cancellations' }, (run) => run.findOpenCancellations(page)),
    id: ({ orderId }) => orderId,
    workflowId: ({ orderId }) => cancelOrderWorkflowId(orderId),
    takeOver: (left) => startApart('cancelOrder', cancelOrderWorkflowId(left.orderId), { orderId: left.orderId }, left),
  });
  await withoutFlow(sweep, {
    stage: 'refunds',
    page: (page) => parking.local(orders, { name: 'Find open refunds' }, (run) => run.findOpenRefunds(page)),
    id: ({ refundId }) => refundId,
    workflowId: ({ refundId }) => refundWorkflowId(refundId),
    takeOver: (left) => startApart('refund', refundWorkflowId(left.refundId), { refundId: left.refundId }, left),
  });
}
