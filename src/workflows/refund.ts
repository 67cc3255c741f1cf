import { defineSignal, setHandler } from '@temporalio/workflow';
import type { RefundStatus } from '../domain/refunds/types.js';
import type { RefundInput } from './contracts.js';
import { giveBack, type Heard } from './give-back.js';
import { createParking } from './parking.js';
import { tell } from './tell.js';

/** The provider said something of this refund. */
export const refundHeard = defineSignal('refundHeard');

/**
 * Gives back what a refund claimed. Nothing has to be undone: what it claims is money of ours until the provider has given
 * it, and free again when the provider refuses.
 */
export async function refund({ refundId }: RefundInput): Promise<{ readonly status: RefundStatus }> {
  const heard: Heard = { now: false };
  setHandler(refundHeard, () => {
    heard.now = true;
  });
  const parking = createParking();
  parking.describe(`Refund ${refundId}: asking the payment provider to give the money back. Next: tell the customer.`);
  const { orderId, status } = await giveBack(parking, refundId, heard);
  if (status === 'succeeded') {
    parking.describe(`Refund ${refundId}: given back; telling the customer.`);
    await tell(orderId, 'order_refunded', refundId);
  }
  parking.describe(`Refund ${refundId}: ${status}.`);
  return { status };
}
