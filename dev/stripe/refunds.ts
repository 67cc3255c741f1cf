import type Stripe from 'stripe';
import type { Params } from '../simulation/form.js';
import { type Account, idOf, newId, seconds } from './account.js';
import { invalid, noSuch, refused, unexpectedState } from './fault.js';
import { findIntent } from './intents/change.js';
import { integer, known, metadata, oneOf, text } from './params.js';
import { cardOf } from './payment-methods.js';

const CREATE =
  'amount charge currency customer expand instructions_email metadata origin payment_intent reason refund_application_fee reverse_transfer'.split(
    ' ',
  );

/** How long a bank takes over a refund that it does not settle at once. */
const SETTLES_AFTER_MS = 2000;

export function createRefund(account: Account, params: Params): Stripe.Refund {
  known(params, CREATE);
  const reason = oneOf(params, 'reason', ['duplicate', 'fraudulent', 'requested_by_customer']);
  const wanted = metadata(params);
  const charge = chargeToRefund(account, params);
  const open = charge.amount - charge.amount_refunded;
  const amount = integer(params, 'amount') ?? open;
  if (amount < 1 && open > 0)
    throw invalid('This value must be greater than or equal to 1.', 'amount', 'parameter_invalid_integer');
  if (open === 0) throw refused(`Charge ${charge.id} has already been refunded.`, 'charge_already_refunded');
  if (amount > open)
    throw refused(
      `Refund amount (${amount}) is greater than unrefunded amount on charge (${open})`,
      undefined,
      'amount',
    );

  const behaviour = behaviourOf(account, charge);
  const refund: Stripe.Refund = {
    id: newId('re'),
    object: 'refund',
    amount,
    balance_transaction: newId('txn'),
    charge: charge.id,
    created: seconds(account.now()),
    currency: charge.currency,
    customer: null,
    customer_account: null,
    destination_details: {
      card: { reference_status: 'pending', reference_type: 'acquirer_reference_number', type: 'refund' },
      type: 'card',
    },
    metadata: wanted,
    payment_intent: charge.payment_intent,
    payment_method: charge.payment_method,
    reason,
    receipt_number: null,
    source_transfer_reversal: null,
    status: behaviour === 'pends' ? 'pending' : 'succeeded',
    transfer_reversal: null,
  };
  const due = behaviour === 'succeeds' ? null : account.now().getTime() + SETTLES_AFTER_MS;
  account.store.insert('refund', refund, { parent: idOf(charge.payment_intent), due });
  const given = adjust(account, charge, amount);
  if (refund.status === 'succeeded') move(account, refund, 'refund');
  account.emit('refund.created', refund);
  account.emit('charge.refunded', given);
  return refund;
}

/** Banks' late answers: a pending refund succeeds, a refund to a closed account comes back. */
export function settleRefunds(account: Account): void {
  for (const refund of account.store.due('refund', account.now().getTime()))
    settleRefund(account, refund.id, refund.status === 'pending' ? 'succeeded' : 'failed');
}

export function settleRefund(account: Account, id: string, status: 'succeeded' | 'failed'): Stripe.Refund {
  const before = findRefund(account, id);
  if (before.status === status || before.status === 'failed') return before;
  const next: Stripe.Refund =
    status === 'succeeded' ? { ...before, status } : { ...before, status, failure_reason: 'lost_or_stolen_card' };
  account.store.update(next);
  if (status === 'succeeded') move(account, next, 'refund');
  else {
    const charge = account.store.get('charge', idOf(next.charge) ?? '');
    if (charge === undefined) throw new Error(`refund ${id} has no charge`);
    adjust(account, charge, -next.amount);
    if (before.status === 'succeeded') move(account, next, 'refund_reversal');
    account.emit('refund.failed', next);
  }
  account.emit('refund.updated', next);
  account.emit('charge.refund.updated', next);
  return next;
}

export function findRefund(account: Account, id: string): Stripe.Refund {
  const refund = account.store.get('refund', id);
  if (refund === undefined) throw noSuch('refund', id, 'refund');
  return refund;
}

function chargeToRefund(account: Account, params: Params): Stripe.Charge {
  const chargeId = text(params, 'charge');
  const intentId = text(params, 'payment_intent');
  if (chargeId === null && intentId === null)
    throw invalid('One of the following params should be provided for this request: payment_intent or charge.');
  if (chargeId !== null) {
    const charge = account.store.get('charge', chargeId);
    if (charge === undefined) throw noSuch('charge', chargeId, 'charge', 400);
    if (!charge.captured) throw refused(`Charge ${chargeId} has not been captured.`, 'charge_not_refundable');
    return charge;
  }
  const id = intentId ?? '';
  if (account.store.get('payment_intent', id) === undefined) throw noSuch('payment_intent', id, 'payment_intent', 400);
  const intent = findIntent(account, id);
  const charge = account.store.get('charge', idOf(intent.latest_charge) ?? '');
  if (intent.status !== 'succeeded' || charge === undefined)
    throw unexpectedState(`This PaymentIntent (${id}) does not have a successful charge to refund.`, {
      payment_intent: intent,
    });
  return charge;
}

function adjust(account: Account, charge: Stripe.Charge, by: number): Stripe.Charge {
  const returned = charge.amount_refunded + by;
  const next = { ...charge, amount_refunded: returned, refunded: returned === charge.amount };
  account.store.update(next);
  return next;
}

function move(account: Account, refund: Stripe.Refund, type: 'refund' | 'refund_reversal'): void {
  const intent = account.store.get('payment_intent', idOf(refund.payment_intent) ?? '');
  if (intent === undefined) throw new Error(`refund ${refund.id} has no intent`);
  account.move(type, intent, refund.amount);
}

function behaviourOf(account: Account, charge: Stripe.Charge): 'succeeds' | 'pends' | 'fails' {
  const method = account.store.get('payment_method', charge.payment_method ?? '');
  return method === undefined ? 'succeeds' : cardOf(method).refund;
}
