import type Stripe from 'stripe';
import type { AuthoriseRequest } from '../../domain/payments/ports.js';
import type { AuthoriseOutcome, CaptureOutcome, FoundRefund, RefundOutcome } from '../../domain/payments/types.js';
import { fromStripe, toStripe } from './amounts.js';

/** Where the charge is not at hand to say when the hold ends: shorter than any card network's. */
const SHORTEST_HOLD_SECONDS = 4 * 86_400;

/** What an intent's state means for a checkout. Its client secret goes no further than here. */
export function outcomeOf(intent: Stripe.PaymentIntent): AuthoriseOutcome {
  const intentId = intent.id;
  const chargeId = chargeIdOf(intent);
  switch (intent.status) {
    case 'requires_capture':
      return { kind: 'authorised', intentId, expiresAt: holdEnd(intent) };
    case 'succeeded':
      return chargeId === null
        ? { kind: 'unknown', reason: 'charge_missing' }
        : { kind: 'captured', intentId, chargeId };
    case 'processing':
      return { kind: 'processing', intentId };
    case 'requires_action':
    case 'requires_confirmation':
      return { kind: 'needs_customer', intentId };
    case 'requires_payment_method': {
      const error = intent.last_payment_error;
      if (error === null) return { kind: 'needs_customer', intentId };
      return { kind: 'declined', reason: error.decline_code ?? error.code ?? 'card_declined', intentId };
    }
    case 'canceled':
      return { kind: 'declined', reason: 'canceled', intentId };
    default:
      return { kind: 'unknown', reason: `status_${intent.status}` };
  }
}

/** The same, bound to what was asked for: another checkout's intent, or another amount, pays nothing here. */
export function outcomeFor(intent: Stripe.PaymentIntent, request: AuthoriseRequest): AuthoriseOutcome {
  if (!belongsTo(intent, request)) return { kind: 'declined', reason: 'foreign_intent', intentId: null };
  const outcome = outcomeOf(intent);
  if (outcome.kind !== 'authorised' && outcome.kind !== 'captured') return outcome;
  const { amount, currency } = toStripe(request.amount);
  const secured = outcome.kind === 'authorised' ? intent.amount_capturable : intent.amount_received;
  return secured === amount && intent.currency === currency
    ? outcome
    : { kind: 'declined', reason: 'amount_mismatch', intentId: intent.id };
}

export const belongsTo = ({ metadata }: Stripe.PaymentIntent, { checkoutId, attempt }: AuthoriseRequest): boolean =>
  metadata['checkout_id'] === checkoutId && metadata['attempt'] === String(attempt);

export function refundOutcomeOf(refund: Stripe.Refund): RefundOutcome {
  switch (refund.status) {
    case 'succeeded':
      return { kind: 'refunded', refundId: refund.id, amount: fromStripe(refund.amount, refund.currency) };
    case 'pending':
    case 'requires_action':
      return { kind: 'pending', refundId: refund.id };
    case 'failed':
    case 'canceled':
      return { kind: 'refused', reason: refund.failure_reason ?? refund.status, refundId: refund.id };
    default:
      return { kind: 'unknown', reason: `status_${refund.status ?? 'none'}` };
  }
}

/** A refund as the provider's list has it. */
export function foundRefundOf(refund: Stripe.Refund): FoundRefund {
  const outcome = refundOutcomeOf(refund);
  return {
    reference: refund.id,
    key: refund.metadata?.['refund_key'] ?? null,
    status: outcome.kind === 'refunded' ? 'succeeded' : outcome.kind === 'refused' ? 'failed' : 'pending',
    amount: fromStripe(refund.amount, refund.currency),
    reason: outcome.kind === 'refused' ? outcome.reason : '',
  };
}

function chargeIdOf({ latest_charge: charge }: Stripe.PaymentIntent): string | null {
  return charge === null || typeof charge === 'string' ? charge : charge.id;
}

/** What was taken with a succeeded intent; without its charge's id it cannot be told from another taking. */
export function takenOf(intent: Stripe.PaymentIntent): Extract<CaptureOutcome, { kind: 'captured' | 'unknown' }> {
  const chargeId = chargeIdOf(intent);
  if (chargeId === null) return { kind: 'unknown', reason: 'charge_missing' };
  return { kind: 'captured', chargeId, amount: fromStripe(intent.amount_received, intent.currency) };
}

function holdEnd({ latest_charge: charge, created }: Stripe.PaymentIntent): string {
  const known = typeof charge === 'object' ? charge?.payment_method_details?.card?.capture_before : undefined;
  return new Date((known ?? created + SHORTEST_HOLD_SECONDS) * 1000).toISOString();
}
