import type { EntityManager } from '@mikro-orm/postgresql';
import { newId } from '../kernel/ids.js';
import {
  attemptKey,
  closedBefore,
  hasStoredEvents,
  SETTLEMENT,
  settlementOf,
  toAttempt,
  type Attempt,
  type AttemptRow,
  type AuthoriseOutcome,
  type AuthoriseRequest,
} from '../payments/index.js';

export interface BegunAuthorisation {
  readonly attempt: Attempt;
  readonly provider: string;
  /** From the frozen quote alone, so that every repeat sends the same. */
  readonly request: AuthoriseRequest;
  /** It began before: a call may have been made and its answer lost. */
  readonly repeated: boolean;
}

/**
 * Writes the attempt's row before the call, in one statement. The row is the arbiter between this and the
 * closing of the checkout, which writes a tombstone in its place.
 * @throws DomainError `invalid_transition` when the checkout was closed first
 */
export async function beginAuthorisation(
  em: EntityManager,
  checkoutId: string,
  number: number,
): Promise<BegunAuthorisation> {
  const id = newId();
  const [row] = await em.execute<BegunRow[]>(
    `with k as (
       select id, total_amount, currency, payment_provider, payment_method,
         encode(sha256(convert_to(concat_ws('|', total_amount, currency, payment_provider, payment_method), 'UTF8')), 'hex') as hash
       from checkouts where id = ? and not closing and closed_at is null and quote is not null
     ), a as (
       insert into payment_attempts (id, checkout_id, step, attempt, key, parameter_hash)
       select ?, k.id, 'authorise', ?, ?, k.hash from k
       on conflict (checkout_id, step, attempt) do update set checkout_id = excluded.checkout_id
       returning *
     )
     select a.*, k.total_amount, k.currency, k.payment_provider, k.payment_method, k.hash
     from a join k on k.id = a.checkout_id`,
    [checkoutId, id, number, attemptKey(checkoutId, 'authorise', number)],
  );
  if (row === undefined || row.state === 'tombstoned') throw closedBefore(checkoutId);
  if (row.hash !== row.parameter_hash) throw new Error(`${row.key} was begun with other parameters`);
  return toBegun(row, row.id !== id);
}

/** Every authorisation that began, oldest first, as it was sent: what undo has to void. */
export async function begunAuthorisations(em: EntityManager, checkoutId: string): Promise<BegunAuthorisation[]> {
  const rows = await em.execute<BegunRow[]>(
    `select a.*, k.total_amount, k.currency, k.payment_provider, k.payment_method
     from payment_attempts a join checkouts k on k.id = a.checkout_id
     where a.checkout_id = ? and a.step = 'authorise' and a.state <> 'tombstoned' order by a.attempt`,
    [checkoutId],
  );
  return rows.map((row) => toBegun(row, true));
}

export interface Settled {
  /** Something was said of this payment before the checkout began to wait: look at once. */
  readonly heard: boolean;
}

/**
 * Writes what the provider said, and what that means for the checkout. A checkout that starts to wait for its
 * customer reads the stored events under the attempt's lock, as the webhook stores them under it.
 */
export async function settleAuthorisation(
  em: EntityManager,
  checkoutId: string,
  number: number,
  outcome: Exclude<AuthoriseOutcome, { kind: 'unknown' }>,
): Promise<Settled> {
  const waiting = outcome.kind === 'needs_customer' || outcome.kind === 'processing';
  const step = waiting
    ? 'customer_action_required'
    : outcome.kind === 'declined'
      ? 'payment_declined'
      : 'payment_authorised';
  const status = waiting ? 'requires_action' : 'authorising';
  // The attempt's lock first, then the checkout's. A step that was written while the former was waited for is not seen here, but
  // the answer that stood before this one is, and only answers of waiting leave an attempt open to a second.
  const [row] = await em.execute<{ written: boolean }[]>(
    `with written as (
       ${SETTLEMENT}
     ), k as (
       update checkouts set status = ?, updated_at = now() from written w
       where id = w.checkout_id and closed_at is null and not closing returning id, w.before
     ), told as (
       insert into checkout_steps (checkout_id, step, status)
       select k.id, ?, ? from k
       where not (? and coalesce(k.before in ('needs_customer', 'processing'), false))
         and not exists (select from checkout_steps s where s.checkout_id = k.id and s.step = ?)
     )
     select exists (select from written) as written`,
    [...settlementOf(checkoutId, number, outcome), status, step, status, waiting, step],
  );
  // An answer that comes late turns nothing back; what is known by now is looked at.
  if (row?.written !== true) return { heard: waiting };
  return { heard: waiting && (await hasStoredEvents(em, checkoutId)) };
}

interface BegunRow extends AttemptRow {
  readonly total_amount: number;
  readonly currency: string;
  readonly payment_provider: string;
  readonly payment_method: string | null;
  readonly hash?: string;
}

const toBegun = (row: BegunRow, repeated: boolean): BegunAuthorisation => ({
  attempt: toAttempt(row),
  provider: row.payment_provider,
  request: {
    key: row.key,
    checkoutId: row.checkout_id,
    attempt: row.attempt,
    amount: { amount: row.total_amount, currency: row.currency },
    paymentMethod: row.payment_method,
  },
  repeated,
});
