import {
  beginAuthorisation,
  begunAuthorisations,
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
  type AuthoriseOutcome,
  type PaymentGateway,
} from '../domain/payments/index.js';
import { createReturnMoney, type Returned, type ReturnOptions } from './return-money.js';

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
/** Why a key will never have another answer. */
const SPENT: ReadonlySet<string> = new Set(['replayed_500', 'idempotency_mismatch']);

export type KnownOutcome = Exclude<AuthoriseOutcome, { kind: 'unknown' }>;

/** `heard`: something was said of the payment before the flow began to wait for it. */
export type Authorisation = KnownOutcome & { readonly heard: boolean };

interface ById {
  readonly checkoutId: string;
}

type Known = Pick<Partial<ReturnOptions>, 'known'>;

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
    // Nothing is to be paid, so nobody is asked.
    if (request.amount.amount === 0) return { kind: 'due', intentId: `free_${request.checkoutId}` };
    const settled = settledOutcome(attempt);
    if (settled !== null && settled.kind !== 'unknown') return settled;
    const gateway = gatewayOf(gateways, begun.provider);
    if (attempt.intentId !== null) return known(await gateway.retrieve(attempt.intentId, request));
    const began = Date.parse(attempt.begunAt);
    const age = now().getTime() - began;
    // No call is made under the key after its life, so there is no later intent; what a frozen worker makes comes as an event.
    const find = () => gateway.find(request, new Date(began), new Date(began + Math.min(age, KEY_LIFE_MS)));
    // A provider that forgot the key would pay again under it.
    const made = begun.repeated ? await find() : null;
    if (made !== null) return known(made);
    if (age < KEY_LIFE_MS) {
      const answer = await gateway.authorise(request);
      if (answer.kind !== 'unknown' || !SPENT.has(answer.reason)) return known(answer);
      const found = await find();
      if (found !== null) return known(found);
    }
    if (age < LIST_LAG_MS) throw new Error('the provider has not answered and lists no intent yet');
    return { kind: 'declined', reason: 'provider_error', intentId: null };
  }

  async function settle(begun: BegunAuthorisation, outcome: KnownOutcome): Promise<Authorisation> {
    const { checkoutId, number } = begun.attempt;
    const { heard } = await transact((em) => settleAuthorisation(em, checkoutId, number, outcome));
    return { ...outcome, heard };
  }

  const returnMoney = createReturnMoney({
    transact,
    query,
    gatewayOf: (provider) => gatewayOf(gateways, provider),
    intentOf: async (begun) => (await resolve(begun)).intentId,
  });

  return {
    /** Obtains the money's authorisation; asks again under the same key until the answer is definite. */
    authorisePayment: async ({ checkoutId, attempt }: ById & { readonly attempt: number }): Promise<Authorisation> => {
      const begun = await query((em) => beginAuthorisation(em, checkoutId, attempt));
      const authorisation = await settle(begun, await resolve(begun));
      // An earlier call may have made an intent that no list showed and whose event came before this answer.
      if (begun.repeated) await returnMoney(checkoutId, { refund: true });
      return authorisation;
    },

    /** Asks the provider what became of the payment that the checkout waits for. */
    checkPayment: async ({ checkoutId }: ById): Promise<Authorisation> => {
      const begun = (await query((em) => begunAuthorisations(em, checkoutId))).at(-1);
      if (begun === undefined) throw notFound('payment');
      return settle(begun, await resolve(begun));
    },

    /** Undo, first part: voids what is held and books what was taken. */
    voidHolds: ({ checkoutId, known }: ById & Known): Promise<Returned> =>
      returnMoney(checkoutId, { refund: false, known }),

    /** Undo. Makes sure that nothing is, or can still be, paid for this checkout; harmless when nothing was. */
    voidPayment: ({ checkoutId, known }: ById & Known): Promise<Returned> =>
      returnMoney(checkoutId, { refund: true, known }),

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
