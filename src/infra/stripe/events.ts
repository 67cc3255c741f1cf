import Stripe from 'stripe';
import { DomainError } from '../../domain/kernel/errors.js';
import type { Money } from '../../domain/kernel/money.js';
import type { AuthoriseOutcome, PaymentEvent } from '../../domain/payments/types.js';
import { fromStripe } from './amounts.js';
import { outcomeOf } from './outcomes.js';

const TOLERANCE_SECONDS = 300;

interface Said {
  readonly intentId: string | null;
  readonly checkoutId: string | null;
  readonly outcome: AuthoriseOutcome | null;
  readonly amount: Money | null;
}

const NOTHING: Said = { intentId: null, checkoutId: null, outcome: null, amount: null };

/** Reduces an event to ids and status; throws `bad_request` where no secret fits its signature. */
export function readEvent(
  stripe: Stripe,
  { rawBody, signature, secrets, now }: { rawBody: Buffer; signature: string; secrets: readonly string[]; now: Date },
): PaymentEvent {
  const event = verified(stripe, { rawBody, signature, secrets, now });
  return {
    id: event.id,
    provider: 'stripe',
    type: event.type,
    createdAt: new Date(event.created * 1000).toISOString(),
    ...whatItSays(event),
  };
}

function verified(
  stripe: Stripe,
  { rawBody, signature, secrets, now }: { rawBody: Buffer; signature: string; secrets: readonly string[]; now: Date },
): Stripe.Event {
  // While a secret is being rolled, Stripe and we may each know only one of the two.
  for (const secret of secrets) {
    try {
      return stripe.webhooks.constructEvent(rawBody, signature, secret, TOLERANCE_SECONDS, undefined, now.getTime());
    } catch (error) {
      if (!(error instanceof Stripe.errors.StripeSignatureVerificationError)) break;
    }
  }
  throw new DomainError('bad_request', 'the signature does not hold');
}

function whatItSays(event: Stripe.Event): Said {
  const object: object = event.data.object;
  if (isA<Stripe.PaymentIntent>(object, 'payment_intent'))
    return {
      intentId: object.id,
      checkoutId: checkoutIdOf(object.metadata),
      // An intent is created before its confirmation is tried: its state then says nothing.
      outcome: event.type === 'payment_intent.created' ? null : outcomeOf(object),
      amount: fromStripe(object.amount, object.currency),
    };
  if (isA<Stripe.Charge>(object, 'charge'))
    return {
      intentId: idOf(object.payment_intent),
      checkoutId: checkoutIdOf(object.metadata),
      outcome: null,
      amount: fromStripe(event.type === 'charge.refunded' ? refundedOf(object) : object.amount, object.currency),
    };
  if (isA<Stripe.Refund>(object, 'refund'))
    return {
      intentId: idOf(object.payment_intent),
      checkoutId: checkoutIdOf(object.metadata),
      outcome: null,
      amount: fromStripe(object.amount, object.currency),
    };
  if (isA<Stripe.Dispute>(object, 'dispute'))
    return { ...NOTHING, intentId: idOf(object.payment_intent), amount: fromStripe(object.amount, object.currency) };
  return NOTHING;
}

/** A hold that was never captured is released as a "refund" of money that never moved. */
function refundedOf({ captured, amount, amount_captured: taken, amount_refunded: returned }: Stripe.Charge): number {
  return captured ? Math.max(0, returned - (amount - taken)) : 0;
}

const isA = <T extends { object: string }>(value: object, name: T['object']): value is T =>
  'object' in value && value.object === name;

const idOf = (value: string | { id: string } | null): string | null =>
  value === null || typeof value === 'string' ? value : value.id;

const checkoutIdOf = (metadata: Stripe.Metadata | null): string | null => metadata?.['checkout_id'] ?? null;
