import { randomUUID } from 'node:crypto';
import type Stripe from 'stripe';
import { type Clock, systemClock } from '../../domain/kernel/clock.js';
import { DomainError } from '../../domain/kernel/errors.js';
import type { AuthoriseRequest, PaymentGateway } from '../../domain/payments/ports.js';
import type { AuthoriseOutcome, CaptureOutcome, VoidOutcome } from '../../domain/payments/types.js';
import { isSupported, toStripe } from './amounts.js';
import { createClient, type StripeConnection } from './client.js';
import { readEvent } from './events.js';
import { isReplayed, judge } from './failures.js';
import { createStripeLimits } from './limits.js';
import { belongsTo, outcomeFor, takenOf } from './outcomes.js';
import { createRefunds, createRefundsOf } from './refunds.js';

export interface StripeGatewayOptions extends Omit<StripeConnection, 'timeoutMs'> {
  /** All that are valid now; two while one is being rolled. */
  readonly webhookSecrets: readonly string[];
  readonly timeoutMs?: number;
  readonly now?: Clock;
}

const EXPAND = ['latest_charge'];
const CLOCK_MARGIN_SECONDS = 300;

/** Stripe as a payment gateway: cards, held first and captured later. */
export function createStripeGateway({
  webhookSecrets,
  timeoutMs = 10_000,
  now = systemClock,
  ...connection
}: StripeGatewayOptions): PaymentGateway {
  const stripe = createClient({ ...connection, timeoutMs });

  async function authorise(request: AuthoriseRequest): Promise<AuthoriseOutcome> {
    if (!isSupported(request.amount)) return { kind: 'declined', reason: 'currency_unsupported', intentId: null };
    try {
      const intent = await stripe.paymentIntents.create(parametersOf(request), { idempotencyKey: request.key });
      // A replayed answer tells how it was then; the customer may have acted since.
      return isReplayed(intent.lastResponse.headers) ? await retrieve(intent.id, request) : outcomeFor(intent, request);
    } catch (error) {
      const verdict = judge(error);
      if (verdict.kind === 'unexpected_state' || verdict.kind === 'missing')
        return { kind: 'unknown', reason: verdict.kind };
      return verdict;
    }
  }

  async function retrieve(intentId: string, request: AuthoriseRequest): Promise<AuthoriseOutcome> {
    const found = await look(intentId);
    return 'intent' in found ? outcomeFor(found.intent, request) : { kind: 'unknown', reason: found.reason };
  }

  async function find(request: AuthoriseRequest, since: Date, until: Date): Promise<AuthoriseOutcome | null> {
    const created = {
      gte: Math.floor(since.getTime() / 1000) - CLOCK_MARGIN_SECONDS,
      lte: Math.ceil(until.getTime() / 1000) + CLOCK_MARGIN_SECONDS,
    };
    try {
      const intents = stripe.paymentIntents.list({ created, limit: 100, expand: ['data.latest_charge'] });
      for await (const intent of intents) if (belongsTo(intent, request)) return outcomeFor(intent, request);
      return null;
    } catch (error) {
      const verdict = judge(error);
      return { kind: 'unknown', reason: 'reason' in verdict ? verdict.reason : verdict.kind };
    }
  }

  async function capture(request: Parameters<PaymentGateway['capture']>[0]): Promise<CaptureOutcome> {
    const take = (key: string) =>
      stripe.paymentIntents.capture(
        request.intentId,
        { amount_to_capture: toStripe(request.amount).amount, expand: EXPAND },
        { idempotencyKey: key },
      );
    const settled = await settle(request.intentId, request.key, take);
    if ('reason' in settled) return settled;
    const { intent } = settled;
    if (intent.status === 'succeeded') return takenOf(intent);
    if (intent.status === 'requires_capture' || intent.status === 'processing')
      return { kind: 'unknown', reason: intent.status };
    return { kind: 'refused', reason: intent.status };
  }

  async function voidIntent(request: Parameters<PaymentGateway['void']>[0]): Promise<VoidOutcome> {
    const cancel = (key: string) =>
      stripe.paymentIntents.cancel(
        request.intentId,
        { cancellation_reason: 'abandoned', expand: EXPAND },
        { idempotencyKey: key },
      );
    const settled = await settle(request.intentId, request.key, cancel);
    if ('reason' in settled) return { kind: 'unknown', reason: settled.reason };
    const { intent } = settled;
    if (intent.status === 'canceled') return { kind: 'voided' };
    if (intent.status === 'succeeded') return takenOf(intent);
    return { kind: 'unknown', reason: intent.status };
  }

  /**
   * Changes an intent whose state lets that happen only once, so that asking again is safe: where the answer is no
   * answer, the intent itself tells. A stored 500, and a stored refusal for a state that has passed, are left behind with
   * a key of their own.
   */
  async function settle(
    intentId: string,
    key: string,
    change: (key: string) => Promise<Stripe.PaymentIntent>,
  ): Promise<{ intent: Stripe.PaymentIntent } | { kind: 'refused' | 'unknown'; reason: string }> {
    try {
      return { intent: await change(key) };
    } catch (error) {
      const verdict = judge(error);
      if (verdict.kind === 'declined') return { kind: 'refused', reason: verdict.reason };
      // The id came from the provider: it is the key that belongs to another account.
      if (verdict.kind === 'missing') return { kind: 'unknown', reason: 'resource_missing' };
      if (verdict.kind === 'unknown' && verdict.reason !== 'replayed_500') return verdict;
      const found = await look(intentId);
      if (!('intent' in found)) return { kind: 'unknown', reason: found.reason };
      const done = found.intent.status === 'succeeded' || found.intent.status === 'canceled';
      const current = verdict.kind === 'unexpected_state' && !verdict.replayed;
      if (current || done || key.includes(AFRESH)) return found;
      return settle(intentId, `${key}${AFRESH}${randomUUID()}`, change);
    }
  }

  async function look(intentId: string): Promise<{ intent: Stripe.PaymentIntent } | { reason: string }> {
    try {
      return { intent: await stripe.paymentIntents.retrieve(intentId, { expand: EXPAND }) };
    } catch (error) {
      const verdict = judge(error);
      return {
        reason: 'reason' in verdict ? verdict.reason : verdict.kind === 'missing' ? 'resource_missing' : verdict.kind,
      };
    }
  }

  return {
    provider: 'stripe',
    limits: createStripeLimits(),
    authorise,
    retrieve,
    find,
    capture,
    void: voidIntent,
    refund: createRefunds(stripe),
    refundsOf: createRefundsOf(stripe),
    async clientSecret(intentId) {
      const found = await look(intentId);
      if ('intent' in found && found.intent.client_secret !== null) return found.intent.client_secret;
      if ('reason' in found && found.reason !== 'resource_missing')
        throw new DomainError('temporarily_unavailable', 'the payment provider does not answer');
      throw new DomainError('not_found', 'no such payment');
    },
    parseEvent: (rawBody, signature) => readEvent(stripe, { rawBody, signature, secrets: webhookSecrets, now: now() }),
  };
}

const AFRESH = ':afresh:';

function parametersOf({
  checkoutId,
  attempt,
  amount,
  paymentMethod,
}: AuthoriseRequest): Stripe.PaymentIntentCreateParams {
  return {
    ...toStripe(amount),
    allowed_payment_method_types: ['card'],
    capture_method: 'manual',
    metadata: { checkout_id: checkoutId, attempt: String(attempt) },
    expand: EXPAND,
    ...(paymentMethod === null ? {} : { payment_method: paymentMethod, confirm: true }),
  };
}
