import type { PaymentActivities } from '../activities/payments.js';
import type { Parking, Risk } from './parking.js';

const provider: Risk<PaymentActivities> = { startToCloseTimeout: '40s' };
const helps = 'Look at the payment in the provider’s dashboard; the stock stays reserved meanwhile.';

/**
 * Voids what is held for a checkout and refunds what was taken; `onTaken` is called before the refund.
 * @returns the order id under which the customer is to be told of it; null when there is nothing to tell
 */
export async function returnPayment(
  parking: Parking,
  { onTaken, ...payment }: { readonly checkoutId: string; readonly known?: boolean; readonly onTaken: () => void },
): Promise<string | null> {
  let returned = await parking.step(provider, { name: 'Void the payment', helps, certain: true }, (run) =>
    run.voidHolds(payment),
  );
  if (returned.taken) {
    onTaken();
    returned = await parking.step(provider, { name: 'Give the money back', helps, certain: true }, (run) =>
      run.voidPayment(payment),
    );
  }
  return returned.untold ? returned.orderId : null;
}
