import { getExternalWorkflowHandle, isCancellation } from '@temporalio/workflow';
import type { RefundActivities } from '../activities/refunds.js';
import type { RefundEventInput } from './contracts.js';
import { createParking, type Risk } from './parking.js';
import { refundHeard } from './refund.js';

const provider: Risk<RefundActivities> = { startToCloseTimeout: '40s' };

/**
 * The provider told of a refund, ours or one of its dashboard: the payment's refunds are booked as the provider has them now,
 * so that the order in which its events arrive makes no difference. Flows that wait for them look again.
 */
export async function refundEvent({ eventId }: RefundEventInput): Promise<{ readonly woken: number }> {
  const parking = createParking();
  parking.describe(`Payment event ${eventId}: booking the refunds of its payment.`);
  const { waiting } = await parking.step(
    provider,
    { name: 'Book the refunds', helps: 'Look at the payment in the provider’s dashboard.', certain: true },
    (run) => run.bookRefunds({ eventId }),
  );
  for (const workflowId of waiting) await wake(workflowId);
  return { woken: waiting.length };
}

/** One that is closed has heard already. */
async function wake(workflowId: string): Promise<void> {
  try {
    await getExternalWorkflowHandle(workflowId).signal(refundHeard);
  } catch (error) {
    if (isCancellation(error)) throw error;
  }
}
