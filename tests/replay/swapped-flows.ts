import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { CheckoutActivities } from '../../src/activities/checkout.js';
import type { PaymentActivities } from '../../src/activities/payments.js';
import type { CheckoutInput, PaymentEventInput } from '../../src/workflows/contracts.js';

const local = proxyLocalActivities<CheckoutActivities & PaymentActivities>({ startToCloseTimeout: '2s' });
const remote = proxyActivities<CheckoutActivities & PaymentActivities>({ startToCloseTimeout: '40s' });

/** Flows as they must never become while old ones run: two of their steps have changed places. */
export async function paymentEvent({ eventId }: PaymentEventInput): Promise<void> {
  await local.markEventHandled({ eventId });
  const checkoutId = await local.findEventCheckout({ eventId });
  if (checkoutId !== null) await remote.voidPayment({ checkoutId });
}

export async function checkout({ checkoutId }: CheckoutInput): Promise<void> {
  await remote.authorisePayment({ checkoutId, attempt: 1 });
  await local.reserveStock({ checkoutId });
}
