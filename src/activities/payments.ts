import {
  beginAuthorisation,
  begunAuthorisations,
  recordTaken,
  recordVoided,
  settleAuthorisation,
  type BegunAuthorisation,
} from '../domain/checkout/index.js';
import type { Clock } from '../domain/kernel/clock.js';
import { notFound } from '../domain/kernel/errors.js';
import type { Query, Transact } from '../domain/kernel/transact.js';
import {
  findEventCheckout,
  markEventHandled,
  settledOutcome,
  strayIntents,
  type AuthoriseOutcome,
  type PaymentGateway,
} from '../domain/payments/index.js';

export interface PaymentActivityDeps {
  readonly transact: Transact;
  readonly query: Query;
  readonly gateways: ReadonlyMap<string, PaymentGateway>;
  readonly now: Clock;
}

const MINUTE = 60_000;
/** The provider keeps keys for 24 h; past this a repeat could pay twice, so it is looked up instead. */
const KEY_LIFE_MS = 23 * 60 * MINUTE;
/** The provider's lists lag behind; only after this an intent that is not listed was never made. */
const LIST_LAG_MS = 2 * MINUTE;

export type KnownOutcome = Exclude<AuthoriseOutcome, { kind: 'unknown' }>;

/** `heard`: something was said of the payment before the flow began to wait for it. */
export type Authorisation = KnownOutcome & { readonly heard: boolean };

interface ById {
  readonly checkoutId: string;
}

/** @throws Error when no such gateway is configured: a person must look */
export function gatewayOf(gateways: ReadonlyMap<string, PaymentGateway>, provider: string): PaymentGateway {
  const gateway = gateways.get(provider);
  if (gateway === undefined) throw new Error(`no gateway for payment provider ${provider}`);
  return gateway;
}

export function createPaymentActivities({ transact, query, gateways, now }: PaymentActivityDeps) {
  /** What became of an attempt, asking the provider in the way that cannot pay twice. */
  async function resolve(begun: BegunAuthorisation): Promise<KnownOutcome> {
    const { attempt, request } = begun;
    const settled = settledOutcome(attempt);
    if (settled !== null && settled.kind !== 'unknown') return settled;
    const gateway = gatewayOf(gateways, begun.provider);
    const age = now().getTime() - Date.parse(attempt.begunAt);
    if (attempt.intentId !== null) return known(await gateway.retrieve(attempt.intentId));
    if (age < KEY_LIFE_MS) {
      const answer = await gateway.authorise(request);
      if (answer.kind !== 'unknown' || answer.reason !== 'replayed_500') return known(answer);
    }
    // No call is made under the key after its life, so there is no later intent; what a frozen worker makes comes as an event.
    const since = Date.parse(attempt.begunAt);
    const found = await gateway.find(request, new Date(since), new Date(since + Math.min(age, KEY_LIFE_MS)));
    if (found !== null) return known(found);
    if (age < LIST_LAG_MS) throw new Error('the provider has not answered and lists no intent yet');
    return { kind: 'declined', reason: 'provider_error', intentId: null };
  }

  async function settle(begun: BegunAuthorisation, outcome: KnownOutcome): Promise<Authorisation> {
    const { checkoutId, number } = begun.attempt;
    const { heard } = await transact((em) => settleAuthorisation(em, checkoutId, number, outcome));
    return { ...outcome, heard };
  }

  async function undoAttempt(begun: BegunAuthorisation): Promise<void> {
    const { attempt, provider } = begun;
    if (attempt.outcome === 'voided') return;
    // An answer that was lost is fetched with the same key first, which also disarms a call still to come.
    const intentId = attempt.intentId ?? (await resolve(begun)).intentId;
    if (intentId !== null) return giveBack(begun, intentId, attempt.key);
    await transact((em) => recordVoided(em, { attempt, provider, intentId, refund: null }));
  }

  /** Voids an intent, or refunds what was taken with it. */
  async function giveBack({ attempt, provider }: BegunAuthorisation, intentId: string, key: string): Promise<void> {
    const gateway = gatewayOf(gateways, provider);
    const answer = await gateway.void({ key: `${key}:void`, intentId });
    if (answer.kind === 'unknown') throw new Error(`void: ${answer.reason}`);
    if (answer.kind === 'voided')
      return transact((em) => recordVoided(em, { attempt, provider, intentId, refund: null }));
    const { amount, chargeId } = answer;
    await transact((em) => recordTaken(em, { attempt, provider, intentId, chargeId, amount }));
    const back = await gateway.refund({ key: `${key}:refund`, intentId, amount, reason: 'checkout_undone' });
    // A bank may still send a pending one back: asked again until it is definite.
    if (back.kind !== 'refunded') throw new Error(`refund: ${'reason' in back ? back.reason : back.kind}`);
    const refund = { refundId: back.refundId, amount: back.amount };
    await transact((em) => recordVoided(em, { attempt, provider, intentId, refund }));
  }

  return {
    /** Obtains the money's authorisation; asks again under the same key until the answer is definite. */
    authorisePayment: async ({ checkoutId, attempt }: ById & { readonly attempt: number }): Promise<Authorisation> => {
      const begun = await query((em) => beginAuthorisation(em, checkoutId, attempt));
      return settle(begun, await resolve(begun));
    },

    /** Asks the provider what became of the payment that the checkout waits for. */
    checkPayment: async ({ checkoutId }: ById): Promise<Authorisation> => {
      const begun = (await query((em) => begunAuthorisations(em, checkoutId))).at(-1);
      if (begun === undefined) throw notFound('payment');
      return settle(begun, await resolve(begun));
    },

    /** Undo. Makes sure that nothing is, or can still be, paid for this checkout; harmless when nothing was. */
    voidPayment: async ({ checkoutId }: ById): Promise<void> => {
      const all = await query((em) => begunAuthorisations(em, checkoutId));
      for (const begun of all) await undoAttempt(begun);
      const last = all.at(-1);
      if (last === undefined) return;
      for (const intentId of await query((em) => strayIntents(em, checkoutId)))
        await giveBack(last, intentId, `${last.attempt.key}:${intentId}`);
    },

    /** The checkout that a late event speaks of; null when it is none of ours. */
    findEventCheckout: ({ eventId }: { readonly eventId: string }): Promise<string | null> =>
      query((em) => findEventCheckout(em, eventId)),

    markEventHandled: ({ eventId }: { readonly eventId: string }): Promise<void> =>
      query((em) => markEventHandled(em, eventId)),
  };
}

export type PaymentActivities = ReturnType<typeof createPaymentActivities>;

/** @throws Error, retried, when the provider gave no definite answer */
function known(outcome: AuthoriseOutcome): KnownOutcome {
  if (outcome.kind === 'unknown') throw new Error(`no definite answer: ${outcome.reason}`);
  return outcome;
}
