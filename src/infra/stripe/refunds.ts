import type Stripe from 'stripe';
import type { PaymentGateway } from '../../domain/payments/ports.js';
import type { FoundRefund, RefundOutcome } from '../../domain/payments/types.js';
import { toStripe } from './amounts.js';
import { judge } from './failures.js';
import { foundRefundOf, refundOutcomeOf } from './outcomes.js';

type RefundRequest = Parameters<PaymentGateway['refund']>[0];

/** How many stored 500s one refund may leave behind before it waits for its next try. */
const MOST_KEYS = 5;

/**
 * Refunds at most once for a key, however old: Stripe forgets keys after a day, so each refund carries its key in
 * its metadata and is looked for before another is made.
 */
export function createRefunds(stripe: Stripe): PaymentGateway['refund'] {
  async function refund(request: RefundRequest, round = 1): Promise<RefundOutcome> {
    try {
      const made = await alreadyMade(request);
      return refundOutcomeOf(made ?? (await make(request, round)));
    } catch (error) {
      const verdict = judge(error);
      // The look-up before the next round tells whether the failed one came through after all.
      if (verdict.kind === 'unknown')
        return verdict.reason === 'replayed_500' && round < MOST_KEYS ? refund(request, round + 1) : verdict;
      if (verdict.kind === 'declined') return { kind: 'refused', reason: verdict.reason };
      return { kind: 'refused', reason: verdict.kind === 'missing' ? 'resource_missing' : verdict.kind };
    }
  }

  async function alreadyMade({ key, intentId }: RefundRequest): Promise<Stripe.Refund | null> {
    for await (const found of stripe.refunds.list({ payment_intent: intentId, limit: 100 }))
      if (found.metadata?.['refund_key'] === key) return found;
    return null;
  }

  function make({ key, intentId, amount, reason }: RefundRequest, round: number): Promise<Stripe.Refund> {
    return stripe.refunds.create(
      {
        payment_intent: intentId,
        amount: toStripe(amount).amount,
        metadata: { refund_key: key, reason: reason.slice(0, 100) },
      },
      { idempotencyKey: round === 1 ? key : `${key}:${round}` },
    );
  }

  return (request) => refund(request);
}

/** What the provider has of an intent's refunds, whoever made them. */
export const createRefundsOf =
  (stripe: Stripe): PaymentGateway['refundsOf'] =>
  async (intentId) => {
    try {
      const found: FoundRefund[] = [];
      for await (const refund of stripe.refunds.list({ payment_intent: intentId, limit: 100 }))
        found.push(foundRefundOf(refund));
      return found;
    } catch (error) {
      judge(error);
      return null;
    }
  };
