import { CancellationScope, getExternalWorkflowHandle, isCancellation, proxyActivities } from '@temporalio/workflow';
import type { NotificationActivities } from '../activities/notifications.js';
import type { OrderNotification } from '../domain/notifications/types.js';
import { notifyWorkflowId } from './contracts.js';
import { moreToTell } from './notify.js';
import { startApart } from './start-apart.js';

const TRIES = 5;
const quickly = proxyActivities<NotificationActivities>({
  startToCloseTimeout: '20s',
  scheduleToCloseTimeout: '20s',
  retry: { initialInterval: '200ms', maximumInterval: '5s' },
  summary: 'Tell the customer by mail and SMS',
});

/**
 * Tells the customer of an order event by mail and SMS, side by side. What is not told within 20 s is left to `notify`, a flow
 * of its own that outlives this one, so a dead mail server holds nothing back. The messages must be queued before; `about`
 * names what an event is about that an order may meet more than once.
 */
export async function tell(orderId: string, event: OrderNotification, about?: string): Promise<'told' | 'handed_over'> {
  try {
    await quickly.tellCustomer({ orderId, event, ...(about === undefined ? {} : { about }) });
    return 'told';
  } catch (error) {
    if (isCancellation(error) && CancellationScope.current().consideredCancelled) throw error;
    await handOver(orderId);
    return 'handed_over';
  }
}

/** Starts the order's `notify`, or tells a running one that there is more. */
async function handOver(orderId: string): Promise<void> {
  const workflowId = notifyWorkflowId(orderId);
  for (let tries = 1; ; tries += 1) {
    if (await startApart('notify', workflowId, { orderId }, { orderId })) return;
    try {
      await getExternalWorkflowHandle(workflowId).signal(moreToTell);
      return;
    } catch (error) {
      // it closed between the two
      if (tries === TRIES || isCancellation(error)) throw error;
    }
  }
}
