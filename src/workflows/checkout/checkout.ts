import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  setHandler,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { CheckoutActivities } from '../../activities/checkout.js';
import type { Authorisation, PaymentActivities } from '../../activities/payments.js';
import { CHECKOUT_STATUS } from '../attributes.js';
import { assertBecause } from '../commands.js';
import { CANCEL_CHECKOUT, type CheckoutInput, type CheckoutOutcome } from '../contracts.js';
import { createParking, type Risk } from '../parking.js';
import { patched } from '../patched.js';
import { returnPayment } from '../return-payment.js';
import { tell } from '../tell.js';
import { createUndo } from '../undo.js';
import { Ended, endingOf, type Ending } from './ending.js';
import { cancelCheckout, outcome, paymentHeard, PHASES, progress, type Phase } from './signs.js';

const database: Risk<CheckoutActivities> = { startToCloseTimeout: '10s' };
const provider: Risk<PaymentActivities> = { startToCloseTimeout: '40s' };
const capturing: Risk<CheckoutActivities> = { startToCloseTimeout: '40s' };

/** How long a payment is left alone before the provider is asked, should its event be lost; doubles up to an hour. */
const ASK_AGAIN_MS = 60_000;
const ASK_AGAIN_MAX_MS = 60 * 60_000;

/**
 * Reserve stock, authorise the payment, place the order, capture, tell the customer; on every unpaid ending
 * void the payment and release the stock. The id of the row is all it needs. With `recover` it takes over a
 * checkout whose flow was ended by hand: what was placed is finished, everything else undone.
 */
export async function checkout({ checkoutId, recover = false }: CheckoutInput): Promise<CheckoutOutcome> {
  let phase: Phase = 'reserving';
  let decided: CheckoutOutcome | null = null;
  let final: CheckoutOutcome | null = null;
  let heard = false;
  let cancelled = false;
  const unpaid = new CancellationScope();

  /** Somebody paid: should no order come of it, operators see that the money goes back. */
  let paid = false;
  /** The order id under which its customer is told that money went back. */
  let returnTold: string | null = null;

  let status: CheckoutOutcome['status'] | 'accepted' | 'returning_payment' = 'accepted';
  const parking = createParking({
    attributes: (stuck) => [
      { key: CHECKOUT_STATUS, value: stuck && status !== 'returning_payment' ? 'needs_attention' : status },
    ],
  });
  const enter = (next: Phase): void => {
    phase = next;
    parking.describe(`Checkout ${checkoutId}: ${PHASES[next]}`);
  };
  const decide = (status: CheckoutOutcome['status'], code: string | null = null): CheckoutOutcome => {
    const result = { checkoutId, status, code };
    decided ??= result;
    return result;
  };

  setHandler(outcome, async () => {
    await CancellationScope.nonCancellable(() => condition(() => decided !== null));
    return decided as unknown as CheckoutOutcome;
  });
  setHandler(
    cancelCheckout,
    async (...[because]) => {
      cancelled = true;
      unpaid.cancel();
      if (because != null) await parking.note(CANCEL_CHECKOUT, because);
      await CancellationScope.nonCancellable(() => condition(() => final !== null));
      return final as unknown as CheckoutOutcome;
    },
    {
      validator: (...[because]) => {
        assertBecause(because);
        if (phase !== 'reserving' && phase !== 'authorising' && phase !== 'waiting_for_customer' && !cancelled)
          throw ApplicationFailure.nonRetryable('too late to cancel this checkout', 'invalid_transition', {
            checkoutId,
          });
      },
      description:
        'Stops the checkout and undoes it, as long as the order is not being placed. Argument: who and why, such as ' +
        '{"by": "anna", "reason": "customer_asked"}; without it the customer did.',
    },
  );
  setHandler(paymentHeard, () => {
    heard = true;
  });
  setHandler(progress, () => ({ phase, outcome: final ?? decided }));
  enter('reserving');

  const undo = createUndo();
  let ending: Ending = { status: 'cancelled', code: 'cancelled', data: {} };
  undo.add('release stock', () =>
    parking.local(database, { name: 'Give the stock back and free the cart', certain: true }, (run) =>
      run.releaseStock({
        checkoutId,
        status: ending.status,
        failure: { code: ending.code, data: ending.data },
      }),
    ),
  );
  undo.add('void payment', async () => {
    if (patched('payment-returned')) {
      if (paid) returning();
      const known = ending.status === 'cancelled';
      returnTold = await returnPayment(parking, { checkoutId, known, onTaken: returning });
      return;
    }
    await parking.step(
      provider,
      {
        name: 'Void the payment',
        helps: 'Look at the payment in the provider’s dashboard; the stock stays reserved meanwhile.',
        certain: true,
      },
      (run) => run.voidPayment({ checkoutId }),
    );
  });

  function returning(): void {
    if (status === 'returning_payment') return;
    status = 'returning_payment';
    upsertSearchAttributes([{ key: CHECKOUT_STATUS, value: status }]);
  }

  /** Runs every undo. True: an order stands after all, so nothing was undone. */
  async function undoAll(): Promise<boolean> {
    enter('undoing');
    const { placed, ended } = await CancellationScope.nonCancellable(() =>
      parking.local(database, { name: 'Close the checkout', certain: true }, (run) =>
        run.closeCheckout({ checkoutId, ending }),
      ),
    );
    if (placed) return true;
    // As after a reset, or a death since: what was said first stays, also where all is refused by now for it is closed.
    if (ended !== undefined) ending = ended;
    await undo.run((name) => parking.describe(`Checkout ${checkoutId}: ${PHASES.undoing} Now: ${name}.`));
    return false;
  }

  try {
    if (recover === 'cancelled') throw new Ended('cancelled', 'cancelled');
    if (recover) throw new Ended('expired', 'flow_gone');
    const payment = await unpaid.run(obtainPayment);
    paid = payment.kind !== 'due';
    stopIfCancelled();
    enter('placing');
    await CancellationScope.nonCancellable(() =>
      parking.local(database, { name: 'Place the order' }, (run) => run.placeOrder({ checkoutId, payment })),
    );
  } catch (error) {
    ending = endingOf(error);
    if (!(await undoAll())) {
      decide(ending.status, ending.code);
      if (returnTold !== null) await tellOfReturn(returnTold);
      return await close(ending.status, ending.code);
    }
  }
  return CancellationScope.nonCancellable(finish);

  /** Stock first, then the money for it. */
  async function obtainPayment(): Promise<SecuredPayment> {
    const { expiresInMs } = await parking.local(database, { name: 'Reserve the stock' }, (run) =>
      run.reserveStock({ checkoutId }),
    );
    stopIfCancelled();
    enter('authorising');
    const expiresAt = Date.now() + expiresInMs;
    const first = await parking.step(
      provider,
      { name: 'Authorise the payment', helps: '`cancelCheckout` voids it and gives the stock back.' },
      (run) => run.authorisePayment({ checkoutId, attempt: 1 }),
    );
    return settled(first, expiresAt);
  }

  /** Waits until the payment is secured. @throws Ended when it is declined, cancelled or too late */
  async function settled(first: Authorisation, expiresAt: number): Promise<SecuredPayment> {
    let payment = first;
    let pause = ASK_AGAIN_MS;
    for (;;) {
      if (payment.kind === 'authorised' || payment.kind === 'captured' || payment.kind === 'due') {
        // What `placeOrder` needs and no more: retries of it must see the same input.
        const { heard: _, ...secured } = payment;
        return secured;
      }
      if (payment.kind === 'declined') throw new Ended('failed', 'card_declined', { reason: payment.reason });
      const left = expiresAt - Date.now();
      if (left <= 0 && payment.kind === 'needs_customer') throw new Ended('expired', 'reservation_expired');
      if (phase !== 'waiting_for_customer') {
        enter('waiting_for_customer');
        status = 'requires_action';
        upsertSearchAttributes([{ key: CHECKOUT_STATUS, value: status }]);
      }
      decide(payment.kind === 'processing' ? 'processing' : 'requires_action');
      heard ||= payment.heard;
      await condition(() => heard || cancelled, left > 0 ? Math.min(left, pause) : pause);
      pause = Math.min(pause * 2, ASK_AGAIN_MAX_MS);
      stopIfCancelled();
      heard = false;
      payment = {
        ...(await parking.step(
          provider,
          { name: 'Ask what became of the payment', helps: '`cancelCheckout` voids it and gives the stock back.' },
          (run) => run.checkPayment({ checkoutId }),
        )),
        heard: false,
      };
    }
  }

  /** The order stands: from here on nothing is undone by a cancellation. */
  async function finish(): Promise<CheckoutOutcome> {
    decide('placed');
    enter('capturing');
    const {
      orderId,
      captured,
      code = 'payment_failed',
    } = await parking.step(
      capturing,
      {
        name: 'Capture the payment',
        helps: 'Look at the payment in the provider’s dashboard; the order stays pending meanwhile.',
        certain: true,
      },
      (run) => run.capturePayment({ checkoutId }),
    );
    enter('telling');
    await tell(orderId, captured ? 'order_confirmed' : 'order_cancelled');
    return close('placed', captured ? null : code);
  }

  async function tellOfReturn(orderId: string): Promise<void> {
    enter('telling_return');
    await CancellationScope.nonCancellable(() => tell(orderId, 'payment_returned'));
  }

  async function close(ended: CheckoutOutcome['status'], code: string | null): Promise<CheckoutOutcome> {
    final = decide(ended, code);
    status = ended;
    enter('closed');
    parking.describe(`Checkout ${checkoutId}: ended, ${ended}${code === null ? '' : ` (\`${code}\`)`}.`);
    upsertSearchAttributes([{ key: CHECKOUT_STATUS, value: status }]);
    // Also when an operator cancelled the flow: whoever asked for the outcome is answered.
    await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
    return final;
  }

  function stopIfCancelled(): void {
    if (cancelled) throw new Ended('cancelled', 'cancelled');
  }
}

type SecuredPayment = Parameters<CheckoutActivities['placeOrder']>[0]['payment'];
