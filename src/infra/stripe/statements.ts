import type Stripe from 'stripe';
import type { PaymentStatement, PaymentStatements } from '../../domain/payments/ports.js';
import { fromStripe } from './amounts.js';
import { createClient, type StripeConnection } from './client.js';

type Movement = PaymentStatement['movements'][number];

const STATES: Partial<Record<Stripe.PaymentIntent.Status, PaymentStatement['state']>> = {
  processing: 'processing',
  requires_capture: 'held',
  succeeded: 'captured',
  canceled: 'void',
};

/** Stripe's books: intents with what was taken and given back of each. */
export function createStripeStatements({
  timeoutMs = 10_000,
  ...connection
}: Omit<StripeConnection, 'timeoutMs'> & { readonly timeoutMs?: number }): PaymentStatements {
  const stripe = createClient({ ...connection, timeoutMs });
  const latest = { expand: ['latest_charge'] };

  /** A payment that is older than what was listed, with all its refunds. */
  async function older(intentId: string): Promise<PaymentStatement> {
    const intent = await stripe.paymentIntents.retrieve(intentId, latest);
    const movements = capturesOf(intent);
    for await (const refund of stripe.refunds.list({ payment_intent: intentId, limit: 100 }))
      movements.push(...refundsOf(refund));
    return { ...stateOf(intent), movements };
  }

  return {
    provider: 'stripe',
    async *list(since) {
      const query = { created: { gte: Math.floor(since.getTime() / 1_000) }, limit: 100 };
      // Intents first: a refund made meanwhile is in the later list, and none is older than its intent.
      const listed = new Map<string, PaymentStatement & { readonly movements: Movement[] }>();
      const others = new Set<string>();
      for await (const intent of stripe.paymentIntents.list({ ...query, expand: ['data.latest_charge'] }))
        listed.set(intent.id, { ...stateOf(intent), movements: capturesOf(intent) });
      for await (const refund of stripe.refunds.list(query)) {
        const of = refund.payment_intent;
        const intentId = typeof of === 'string' ? of : (of?.id ?? '');
        const statement = listed.get(intentId);
        if (statement !== undefined) statement.movements.push(...refundsOf(refund));
        else if (intentId !== '') others.add(intentId);
      }
      yield* listed.values();
      for (const intentId of others) yield older(intentId);
    },
  };
}

const stateOf = (intent: Stripe.PaymentIntent): Omit<PaymentStatement, 'movements'> => ({
  intentId: intent.id,
  createdAt: new Date(intent.created * 1_000),
  checkoutId: intent.metadata['checkout_id'] ?? null,
  state: STATES[intent.status] ?? 'payable',
});

function capturesOf({ latest_charge: charge }: Stripe.PaymentIntent): Movement[] {
  if (charge === null || typeof charge === 'string' || !charge.captured || charge.amount_captured === 0) return [];
  return [{ type: 'capture', reference: charge.id, amount: fromStripe(charge.amount_captured, charge.currency) }];
}

const refundsOf = ({ id, status, amount, currency }: Stripe.Refund): Movement[] =>
  status === 'succeeded' ? [{ type: 'refund', reference: id, amount: fromStripe(amount, currency) }] : [];
