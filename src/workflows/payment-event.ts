import type { PaymentActivities } from '../activities/payments.js';
import type { PaymentEventInput } from './contracts.js';
import { createParking, type Risk } from './parking.js';

const database: Risk<PaymentActivities> = { startToCloseTimeout: '10s' };
const provider: Risk<PaymentActivities> = { startToCloseTimeout: '40s' };

/** An event that says money was secured for a checkout that ended unpaid: the money goes back. */
export async function paymentEvent({ eventId }: PaymentEventInput): Promise<'settled' | 'not_ours'> {
  const parking = createParking();
  parking.describe(`Payment event ${eventId}: looking for its checkout.`);
  const checkoutId = await parking.local(database, { name: 'Find the checkout' }, (run) =>
    run.findEventCheckout({ eventId }),
  );
  if (checkoutId !== null) {
    parking.describe(`Payment event ${eventId}: checkout ${checkoutId} ended unpaid; making sure no money is kept.`);
    await parking.step(
      provider,
      { name: 'Void or refund the payment', helps: 'Look at the payment in the provider’s dashboard.' },
      (run) => run.voidPayment({ checkoutId }),
    );
  }
  await parking.local(database, { name: 'Note the event as handled' }, (run) => run.markEventHandled({ eventId }));
  return checkoutId === null ? 'not_ours' : 'settled';
}
