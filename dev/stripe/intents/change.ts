import type Stripe from 'stripe';
import type { Params } from '../../simulation/form.js';
import { type Account, idOf, seconds } from '../account.js';
import { invalid, noSuch, refused, unexpectedState } from '../fault.js';
import { flag, integer, known, metadata, oneOf, text } from '../params.js';
import { usablePaymentMethod } from '../payment-methods.js';
import { attempt } from './attempt.js';

const CONFIRM =
  'client_secret allowed_payment_method_types amount_details amount_to_confirm capture_method confirmation_token error_on_requires_action excluded_payment_method_types expand hooks mandate mandate_data off_session payment_details payment_method payment_method_data payment_method_options radar_options receipt_email return_url setup_future_usage shipping use_stripe_sdk'.split(
    ' ',
  );
const CAPTURE =
  'amount_details amount_to_capture application_fee_amount expand final_capture hooks metadata payment_details statement_descriptor statement_descriptor_suffix transfer_data'.split(
    ' ',
  );
const UPDATE = ['metadata', 'description', 'receipt_email', 'expand', 'payment_method', 'amount'];

const CANCELLABLE = [
  'requires_payment_method',
  'requires_capture',
  'requires_confirmation',
  'requires_action',
  'processing',
];
const CONFIRMABLE = ['requires_payment_method', 'requires_confirmation', 'requires_action'];

export function findIntent(account: Account, id: string): Stripe.PaymentIntent {
  const intent = account.store.get('payment_intent', id);
  if (intent === undefined) throw noSuch('payment_intent', id, 'intent');
  return intent;
}

/** A browser holds a publishable key and may see or act on an intent only with its client secret. */
export function findIntentOfBrowser(account: Account, id: string, secret: string | null): Stripe.PaymentIntent {
  const intent = account.store.get('payment_intent', id);
  if (intent === undefined || secret !== intent.client_secret) throw noSuch('payment_intent', id, 'intent');
  return intent;
}

export function confirmIntent(account: Account, intent: Stripe.PaymentIntent, params: Params): Stripe.PaymentIntent {
  known(params, CONFIRM);
  const named = text(params, 'payment_method');
  if (!CONFIRMABLE.includes(intent.status))
    throw unexpectedState(
      intent.status === 'succeeded'
        ? 'You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed.'
        : `You cannot confirm this PaymentIntent because it has a status of ${intent.status}.`,
      { payment_intent: intent },
    );
  const id = named ?? idOf(intent.payment_method);
  if (id === null)
    throw unexpectedState("You cannot confirm this PaymentIntent because it's missing a payment method.", {
      payment_intent: intent,
    });
  if (intent.status === 'requires_action' && named === null) return intent;
  const { method, fresh } = usablePaymentMethod(account, id);
  if (fresh) account.store.insert('payment_method', method);
  return attempt(account, intent, method, {
    returnUrl: text(params, 'return_url'),
    mayAsk: !flag(params, 'error_on_requires_action') && text(params, 'off_session') !== 'true',
  });
}

/** Takes all or part of what is held; the rest is released. */
export function captureIntent(account: Account, intent: Stripe.PaymentIntent, params: Params): Stripe.PaymentIntent {
  known(params, CAPTURE);
  const amount = integer(params, 'amount_to_capture') ?? intent.amount_capturable;
  if (intent.status !== 'requires_capture')
    throw unexpectedState(
      `This PaymentIntent could not be captured because it has a status of ${intent.status}. ` +
        'Only a PaymentIntent with one of the following statuses may be captured: requires_capture.',
      { payment_intent: intent },
    );
  if (amount < 1)
    throw invalid('This value must be greater than or equal to 1.', 'amount_to_capture', 'parameter_invalid_integer');
  if (amount > intent.amount_capturable)
    throw refused(
      `The requested capture amount is greater than the amount you can capture for this charge.`,
      'amount_too_large',
      'amount_to_capture',
    );
  const held = chargeOf(account, intent);
  const rest = intent.amount - amount;
  const taken: Stripe.Charge = {
    ...held,
    amount_captured: amount,
    amount_refunded: rest,
    balance_transaction: held.id.replace(/^ch_/, 'txn_'),
    captured: true,
  };
  const next: Stripe.PaymentIntent = {
    ...intent,
    amount_capturable: 0,
    amount_received: amount,
    metadata: metadata(params, intent.metadata),
    status: 'succeeded',
  };
  account.store.update(taken);
  account.store.update(next);
  account.move('capture', next, amount);
  if (rest > 0) account.move('void', next, rest);
  account.emit('charge.captured', taken);
  account.emit('payment_intent.succeeded', next);
  return next;
}

export function cancelIntent(account: Account, intent: Stripe.PaymentIntent, params: Params): Stripe.PaymentIntent {
  known(params, ['cancellation_reason', 'expand']);
  const reason = oneOf(params, 'cancellation_reason', [
    'abandoned',
    'duplicate',
    'fraudulent',
    'requested_by_customer',
  ]);
  if (!CANCELLABLE.includes(intent.status))
    throw unexpectedState(
      `You cannot cancel this PaymentIntent because it has a status of ${intent.status}. Only a PaymentIntent with one of the ` +
        `following statuses may be canceled: ${CANCELLABLE.join(', ')}.`,
      { payment_intent: intent },
    );
  return close(account, intent, reason, 'charge.refunded');
}

/** Holds that nobody captured in time end by themselves. */
export function expireHolds(account: Account): void {
  for (const intent of account.store.due('payment_intent', account.now().getTime()))
    close(account, intent, 'automatic', 'charge.expired');
}

function close(
  account: Account,
  intent: Stripe.PaymentIntent,
  reason: string | null,
  released: string,
): Stripe.PaymentIntent {
  const next: Stripe.PaymentIntent = {
    ...intent,
    amount_capturable: 0,
    canceled_at: seconds(account.now()),
    cancellation_reason: reason,
    next_action: null,
    status: 'canceled',
  };
  account.store.update(next);
  if (intent.status === 'requires_capture') {
    const held = chargeOf(account, intent);
    const free = { ...held, amount_refunded: held.amount, refunded: true };
    account.store.update(free);
    account.move('void', next, intent.amount_capturable);
    account.emit(released, free);
  }
  account.emit('payment_intent.canceled', next);
  return next;
}

export function updateIntent(account: Account, intent: Stripe.PaymentIntent, params: Params): Stripe.PaymentIntent {
  known(params, UPDATE);
  const amount = integer(params, 'amount') ?? intent.amount;
  const named = text(params, 'payment_method');
  if (amount !== intent.amount || named !== null)
    if (!CONFIRMABLE.includes(intent.status))
      throw unexpectedState(`This PaymentIntent cannot be updated because it has a status of ${intent.status}.`, {
        payment_intent: intent,
      });
  const usable = named === null ? null : usablePaymentMethod(account, named);
  if (usable?.fresh) account.store.insert('payment_method', usable.method);
  const next: Stripe.PaymentIntent = {
    ...intent,
    amount,
    description: text(params, 'description') ?? intent.description,
    metadata: metadata(params, intent.metadata),
    payment_method: usable?.method.id ?? intent.payment_method,
    receipt_email: text(params, 'receipt_email') ?? intent.receipt_email,
    status: usable === null ? intent.status : 'requires_confirmation',
  };
  // The hold's end travels with the row.
  const due =
    next.status === 'requires_capture' ? chargeOf(account, next).payment_method_details?.card?.capture_before : null;
  account.store.update(next, due ? due * 1000 : null);
  return next;
}

function chargeOf(account: Account, intent: Stripe.PaymentIntent): Stripe.Charge {
  const found = account.store.get('charge', idOf(intent.latest_charge) ?? '');
  if (found === undefined) throw new Error(`intent ${intent.id} has no charge`);
  return found;
}
