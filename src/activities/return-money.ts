import {
  begunAuthorisations,
  claimsOfOthers,
  readUndoing,
  recordTaken,
  recordVoided,
  type BegunAuthorisation,
  type Undoing,
} from '../domain/checkout/index.js';
import type { Money } from '../domain/kernel/money.js';
import type { Query, Transact } from '../domain/kernel/transact.js';
import { findPendingMessages, queuePaymentReturned } from '../domain/notifications/index.js';
import { findReturned, paidIntents, strayIntents, type PaymentGateway } from '../domain/payments/index.js';

export interface GiveBackDeps {
  readonly transact: Transact;
  readonly query: Query;
  readonly gatewayOf: (provider: string) => PaymentGateway;
}

export interface ReturnMoneyDeps extends GiveBackDeps {
  /** The intent that an attempt made; null when it made none. */
  readonly intentOf: (begun: BegunAuthorisation) => Promise<string | null>;
}

export interface Returned {
  readonly orderId: string;
  /** Money was taken and is still to be refunded. */
  readonly taken: boolean;
  /** The customer is still to be told that money went back. */
  readonly untold: boolean;
}

export interface ReturnOptions {
  /** Also gives back what was taken. */
  readonly refund: boolean;
  /** Its customer asked for this ending, and need not be told that a hold was let go. */
  readonly known?: boolean | undefined;
}

/** A transaction, as use cases take it. */
type Em = Parameters<typeof queuePaymentReturned>[0];

/** One intent whose money goes back. */
interface Owed extends Undoing {
  readonly checkoutId: string;
  readonly intentId: string;
  /** What keys begin with. */
  readonly key: string;
  /** Null: no attempt of ours knows the intent. */
  readonly attemptId: string | null;
}

/**
 * Makes sure that nothing is, or can still be, paid for a checkout beside its order: all of it where it ended unpaid, else
 * only intents that are not the order's. With `refund` also what was taken goes back. Idempotent, harmless when nothing was.
 */
export function createReturnMoney({ intentOf, ...deps }: ReturnMoneyDeps) {
  const { transact, query } = deps;
  const giveBack = createGiveBack(deps);
  return async function returnMoney(checkoutId: string, options: ReturnOptions): Promise<Returned> {
    const undoing = await query((em) => readUndoing(em, checkoutId));
    let taken = false;
    const failures: unknown[] = [];
    /** What a bank has not decided of one intent holds no other's money back. */
    const inTurn = async (left: Promise<boolean>): Promise<void> => {
      try {
        taken = (await left) || taken;
      } catch (error) {
        failures.push(error);
      }
    };
    for (const begun of undoing.unpaid ? await query((em) => begunAuthorisations(em, checkoutId)) : [])
      await inTurn(undoAttempt(undoing, begun, options));
    const strays = new Set(await query((em) => strayIntents(em, checkoutId)));
    for (const intentId of strays) {
      const stray = { ...undoing, checkoutId, intentId, key: strayKey(checkoutId, intentId), attemptId: null };
      await inTurn(giveBack(stray, options));
    }
    if (failures.length > 0) throw failures[0];
    // Whoever paid and was undone before anyone heard of it.
    if (undoing.unpaid && !taken && options.known !== true)
      await transact(async (em) => {
        for (const paid of await paidIntents(em, checkoutId)) {
          // Strays are told of by themselves, and what others keep did not go back.
          if (strays.has(paid) || (await claimsOfOthers(em, checkoutId, paid)).kept) continue;
          await queueReturned(em, undoing, undoing.total, null);
        }
      });
    const pending = await query((em) => findPendingMessages(em, undoing.orderId));
    return { orderId: undoing.orderId, taken, untold: pending.some(({ event }) => event === 'payment_returned') };
  };

  async function undoAttempt(undoing: Undoing, begun: BegunAuthorisation, options: ReturnOptions): Promise<boolean> {
    const { id: attemptId, checkoutId, key, outcome } = begun.attempt;
    // Who died after `finish` had not looked yet what came back meanwhile.
    if (outcome === 'voided' && begun.attempt.intentId === null) return false;
    // An answer that was lost is fetched with the same key first, which also disarms a call still to come.
    const intentId = begun.attempt.intentId ?? (await intentOf(begun));
    const paid = intentId !== null && begun.request.amount.amount > 0;
    if (paid) {
      const { kept } = await query((em) => claimsOfOthers(em, checkoutId, intentId));
      if (!kept) return giveBack({ ...undoing, checkoutId, intentId, key, attemptId }, options);
    }
    // What others have is not written down as ours: they could not be placed with it.
    await transact((em) => recordVoided(em, { attemptId, intentId: paid ? null : intentId }));
    return false;
  }
}

/**
 * A refund was heard of, of money that is no order's and that went back: what the provider has of it by now is booked, and what a
 * bank sent back is given anew. Idempotent, harmless for every other payment.
 */
export function createReturnAgain({ query, ...deps }: GiveBackDeps) {
  const giveBack = createGiveBack({ query, ...deps });
  return async function returnAgain(payment: { readonly provider: string; readonly intentId: string }): Promise<void> {
    const { provider, intentId } = payment;
    const returned = await query((em) => findReturned(em, payment));
    if (returned === null) return;
    const { checkoutId, attemptId, key } = returned;
    const undoing = await query((em) => readUndoing(em, checkoutId));
    const owed = { ...undoing, provider, checkoutId, intentId, attemptId, key: key ?? strayKey(checkoutId, intentId) };
    await giveBack(owed, { refund: true });
  };
}

const strayKey = (checkoutId: string, intentId: string): string => `${checkoutId}:stray:${intentId}`;

/** How often a bank may send a refund back before a person has to look. */
const MOST_RETURNS = 3;

function createGiveBack({ transact, gatewayOf }: GiveBackDeps) {
  /** Voids an intent, or refunds what is left of what was taken with it. @returns whether there is something left */
  async function giveBack(owed: Owed, options: ReturnOptions): Promise<boolean> {
    const { checkoutId, provider, intentId, key } = owed;
    const gateway = gatewayOf(provider);
    const answer = await gateway.void({ key: `${key}:void`, intentId });
    if (answer.kind === 'unknown') throw new Error(`void: ${answer.reason}`);
    if (answer.kind === 'voided') {
      await finish(owed, options, null);
      return false;
    }
    const { amount, chargeId } = answer;
    const made = await gateway.refundsOf(intentId);
    if (made === null) throw new Error('refunds: no answer');
    await transact((em) => recordTaken(em, { checkoutId, provider, intentId, chargeId, amount }, made));
    const sent = made.filter(({ status }) => status !== 'failed');
    const failed = made.length - sent.length;
    const left = sent.reduce((rest, each) => rest - each.amount.amount, amount.amount);
    const pending = sent.some(({ status }) => status === 'pending');
    if (!options.refund && (pending || left > 0)) return true;
    // A bank may still send a pending one back: asked again until it is definite.
    if (pending) throw new Error('refund: pending');
    if (left > 0) {
      // In vain for a closed account, and nobody would see it.
      if (failed >= MOST_RETURNS) throw new Error(`refund: its bank sent it back ${failed} times`);
      // One that came back is made anew, under a key of its own.
      const back = await gateway.refund({
        key: failed === 0 ? `${key}:refund` : `${key}:refund:${failed}`,
        intentId,
        amount: { ...amount, amount: left },
        reason: 'checkout_undone',
      });
      if (back.kind !== 'refunded') throw new Error(`refund: ${'reason' in back ? back.reason : back.kind}`);
      await transact((em) =>
        recordTaken(em, { checkoutId, provider, intentId, chargeId, amount }, [
          { reference: back.refundId, amount: back.amount, status: 'succeeded' },
        ]),
      );
    }
    await finish(owed, options, amount);
    // What was heard of a refund until now was left to us.
    const since = await gateway.refundsOf(intentId);
    if (since === null) throw new Error('refunds: no answer');
    return since.filter(({ status }) => status === 'failed').length > failed
      ? giveBack(owed, { ...options, refund: true })
      : false;
  }

  /** Notes that nothing is kept; whoever had paid is to be told. `taken`: what was taken before it went back. */
  async function finish(owed: Owed, { known = false }: ReturnOptions, taken: Money | null): Promise<void> {
    const { attemptId, intentId } = owed;
    await transact(async (em) => {
      // A stray has money by its event.
      const secured = attemptId === null || (await recordVoided(em, { attemptId, intentId }));
      if (taken !== null || (secured && !known))
        await queueReturned(em, owed, taken ?? owed.total, attemptId === null ? intentId : null);
    });
  }

  return giveBack;
}

/** `stray`: the intent, where no attempt knows it; each is told of by itself. */
async function queueReturned(em: Em, { orderId }: Undoing, amount: Money | null, stray: string | null): Promise<void> {
  if (amount !== null) await queuePaymentReturned(em, orderId, amount, stray);
}
