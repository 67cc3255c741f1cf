import type Stripe from 'stripe';
import type { AuthoriseOutcome, RefundOutcome } from '../../domain/payments/types.js';
import { fromStripe } from './amounts.js';

/** Where the charge is not at hand to say when the hold ends: shorter than any card network's. */
const SHORTEST_HOLD_SECONDS = 4 * 86_400;

/** What an intent's state means for a checkout. Its client secret goes no further than here. */
export function outcomeOf(intent: Stripe.PaymentIntent): AuthoriseOutcome {
  const intentId = intent.id;
  switch (intent.status) {
    case 'requires_capture':
      return { kind: 'authorised', intentId, expiresAt: holdEnd(intent) };
    case 'succeeded':
      return { kind: 'captured', intentId, chargeId: chargeIdOf(intent) };
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

export function refundOutcomeOf(refund: Stripe.Refund): RefundOutcome {
  switch (refund.status) {
    case 'succeeded':
      return { kind: 'refunded', refundId: refund.id, amount: fromStripe(refund.amount, refund.currency) };
    case 'pending':
    case 'requires_action':
      return { kind: 'pending', refundId: refund.id };
    case 'failed':
    case 'canceled':
      return { kind: 'refused', reason: refund.failure_reason ?? refund.status };
    default:
      return { kind: 'unknown', reason: `status_${refund.status ?? 'none'}` };
  }
}

export function chargeIdOf({ latest_charge: charge }: Stripe.PaymentIntent): string {
  if (charge === null) return '';
  return typeof charge === 'string' ? charge : charge.id;
}

function holdEnd({ latest_charge: charge, created }: Stripe.PaymentIntent): string {
  const known = typeof charge === 'object' ? charge?.payment_method_details?.card?.capture_before : undefined;
  return new Date((known ?? created + SHORTEST_HOLD_SECONDS) * 1000).toISOString();
}
