import type { EntityManager } from '@mikro-orm/postgresql';
import { DomainError, notFound } from '../kernel/errors.js';
import { newId } from '../kernel/ids.js';
import type { Money } from '../kernel/money.js';
import { cancelOrder, moveOrder } from '../orders/index.js';
import {
  attemptKey,
  closedBefore,
  collectDue,
  MOVEMENT,
  movementOf,
  toAttempt,
  type Attempt,
  type AttemptRow,
  type CaptureOutcome,
} from '../payments/index.js';

export interface BegunCapture {
  readonly attempt: Attempt;
  readonly orderId: string;
  readonly provider: string;
  readonly intentId: string;
  readonly amount: Money;
  /** `due` payments are collected on delivery: there is nothing to capture. */
  readonly status: string;
  /** Null where the provider sets no end. */
  readonly authorisedUntil: string | null;
  /** The order is being cancelled: its money is better not taken at all. */
  readonly unwanted: boolean;
}

/**
 * Writes the capture's row before the call, in one statement. Running again continues it with the parameters it began with,
 * since the provider refuses others under its key.
 */
export async function beginCapture(em: EntityManager, checkoutId: string): Promise<BegunCapture> {
  // As `JSON.stringify` writes it: so captures that began before this statement did are hashed.
  const [row] = await em.execute<BegunRow[]>(
    `with p as (
       select checkout_id, order_id, provider, intent_id as of_intent, amount, currency, status, authorised_until as until,
         encode(sha256(convert_to(format('{"intentId":%s,"amount":%s,"currency":%s}',
           to_json(intent_id), amount, to_json(currency)), 'UTF8')), 'hex') as hash,
         exists (select from order_cancellations c where c.order_id = p.order_id and c.ended_at is null) as unwanted
       from payments p where checkout_id = ?
     ), a as (
       insert into payment_attempts (id, checkout_id, step, attempt, key, parameter_hash)
       select ?, checkout_id, 'capture', 1, ?, hash from p
       on conflict (checkout_id, step, attempt) do update set checkout_id = excluded.checkout_id
       returning *
     )
     select a.*, p.order_id, p.provider, p.of_intent, p.amount, p.currency, p.status, p.until, p.hash, p.unwanted
     from a join p using (checkout_id)`,
    [checkoutId, newId(), attemptKey(checkoutId, 'capture', 1)],
  );
  if (row === undefined) throw notFound('payment');
  if (row.state === 'tombstoned') throw closedBefore(checkoutId);
  if (row.hash !== row.parameter_hash) throw new Error(`${row.key} was begun with other parameters`);
  return {
    attempt: toAttempt(row),
    orderId: row.order_id,
    provider: row.provider,
    intentId: row.of_intent,
    amount: { amount: row.amount, currency: row.currency },
    status: row.status,
    authorisedUntil: row.until,
    unwanted: row.unwanted,
  };
}

/**
 * The money is ours: ledger, payment and order in one transaction. Idempotent.
 * @throws Error when the provider took another amount: a person must look, so the step stays parked
 */
export async function recordCapture(
  em: EntityManager,
  checkoutId: string,
  capture: BegunCapture,
  outcome: Extract<CaptureOutcome, { kind: 'captured' }>,
): Promise<{ readonly first: boolean }> {
  if (outcome.amount.amount !== capture.amount.amount || outcome.amount.currency !== capture.amount.currency)
    throw new Error(`checkout ${checkoutId}: captured ${outcome.amount.amount}, not ${capture.amount.amount}`);
  const first = await moveOrder(em, capture.orderId, 'confirmed');
  const movement = movementOf({
    checkoutId,
    provider: capture.provider,
    intentId: capture.intentId,
    type: 'capture',
    reference: outcome.chargeId,
    amount: outcome.amount,
  });
  await em.execute(
    `with booked as (
       ${MOVEMENT}
     ), paid as (
       update payments set status = 'captured', captured_amount = amount, charge_id = ?, updated_at = now()
       where checkout_id = ? and exists (select from booked)
     ), settled as (
       update payment_attempts set state = 'settled', outcome = 'captured', intent_id = ?, charge_id = ?, settled_at = now()
       where id = ? and exists (select from booked)
     )
     insert into checkout_steps (checkout_id, step, status) select ?, 'payment_captured', 'placed' from booked`,
    [...movement, outcome.chargeId, checkoutId, capture.intentId, outcome.chargeId, capture.attempt.id, checkoutId],
    'run',
  );
  return { first };
}

/**
 * The money cannot be had, or is not wanted any more: the order is cancelled and its goods go back. Idempotent.
 * @throws DomainError `invalid_transition` when it was captured after all
 */
export async function recordCaptureRefused(
  em: EntityManager,
  checkoutId: string,
  capture: BegunCapture,
  reason: string,
): Promise<{ readonly first: boolean }> {
  const { status, outcome, step, why } = capture.unwanted ? UNWANTED : REFUSED;
  const first = await cancelOrder(em, capture.orderId, { type: 'system' }, { reason: why });
  if (!first) return { first };
  const [payment] = await em.execute<{ status: string }[]>('select status from payments where checkout_id = ?', [
    checkoutId,
  ]);
  if (payment?.status === 'captured')
    throw new DomainError('invalid_transition', 'the payment was captured', { checkoutId });
  await em.execute(
    `with failed as (
       update payments set status = ?, updated_at = now() where checkout_id = ?
     ), settled as (
       update payment_attempts set state = 'settled', outcome = ?, reason = ?, settled_at = now() where id = ?
     )
     insert into checkout_steps (checkout_id, step, status) values (?, ?, 'placed')`,
    [status, checkoutId, outcome, reason, capture.attempt.id, checkoutId, step],
    'run',
  );
  return { first };
}

const REFUSED = { status: 'failed', outcome: 'refused', step: 'payment_refused', why: 'payment_failed' } as const;
const UNWANTED = { status: 'voided', outcome: 'voided', step: 'payment_voided', why: 'requested' } as const;

/** Payment on delivery, or none at all: nothing to capture, the order stands. Idempotent. */
export async function confirmDue(em: EntityManager, capture: BegunCapture): Promise<{ readonly first: boolean }> {
  const first = await moveOrder(em, capture.orderId, 'confirmed');
  if (capture.amount.amount === 0) await collectDue(em, capture.orderId);
  return { first };
}

interface BegunRow extends AttemptRow {
  readonly order_id: string;
  readonly provider: string;
  readonly of_intent: string;
  readonly amount: number;
  readonly currency: string;
  readonly status: string;
  readonly until: string | null;
  readonly hash: string;
  readonly unwanted: boolean;
}
