import { upsertSearchAttributes } from '@temporalio/workflow';
import type { PaymentActivities } from '../activities/payments.js';
import { CHECKOUT_STATUS } from './attributes.js';
import type { PaymentEventInput } from './contracts.js';
import { createParking, type Risk } from './parking.js';
import { patched } from './patched.js';
import { returnPayment } from './return-payment.js';
import { tell } from './tell.js';

const database: Risk<PaymentActivities> = { startToCloseTimeout: '10s' };
const provider: Risk<PaymentActivities> = { startToCloseTimeout: '40s' };

/** An event that says money was secured that no order is paid with: it goes back, and its customer is told. */
export async function paymentEvent({ eventId }: PaymentEventInput): Promise<'settled' | 'not_ours'> {
  const parking = createParking();
  parking.describe(`Payment event ${eventId}: looking for its checkout.`);
  const checkoutId = await parking.local(database, { name: 'Find the checkout' }, (run) =>
    run.findEventCheckout({ eventId }),
  );
  if (checkoutId !== null) {
    parking.describe(
      `Payment event ${eventId}: checkout ${checkoutId} ended unpaid or pays otherwise; making sure no money is kept.`,
    );
    if (patched('payment-returned')) {
      show('returning_payment');
      const orderId = await returnPayment(parking, { checkoutId, onTaken: () => undefined });
      parking.describe(`Payment event ${eventId}: no money is kept for checkout ${checkoutId}; its customer is told.`);
      if (orderId !== null) await tell(orderId, 'payment_returned');
      show('payment_returned');
    } else
      await parking.step(
        provider,
        { name: 'Void or refund the payment', helps: 'Look at the payment in the provider’s dashboard.' },
        (run) => run.voidPayment({ checkoutId }),
      );
  }
  await parking.local(database, { name: 'Note the event as handled' }, (run) => run.markEventHandled({ eventId }));
  parking.describe(
    `Payment event ${eventId}: ${checkoutId === null ? 'of no checkout of ours' : `settled, no money is kept for checkout ${checkoutId}`}.`,
  );
  return checkoutId === null ? 'not_ours' : 'settled';
}

const show = (status: string): void => upsertSearchAttributes([{ key: CHECKOUT_STATUS, value: status }]);
