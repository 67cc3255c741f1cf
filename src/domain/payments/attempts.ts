import { DomainError } from '../kernel/errors.js';
import type { AuthoriseOutcome } from './types.js';

export type AttemptStep = 'authorise' | 'capture' | 'void' | 'refund';

/** A call that may move money. Its row is written before the call, so that a lost answer is looked for. */
export interface Attempt {
  readonly id: string;
  readonly checkoutId: string;
  readonly step: AttemptStep;
  readonly number: number;
  /** The provider's idempotency key: checkout, step and logical attempt. */
  readonly key: string;
  readonly state: 'begun' | 'settled' | 'tombstoned';
  readonly outcome: string | null;
  readonly reason: string | null;
  readonly intentId: string | null;
  readonly chargeId: string | null;
  readonly authorisedUntil: string | null;
  readonly begunAt: string;
}

export const attemptKey = (checkoutId: string, step: AttemptStep, number: number): string =>
  `${checkoutId}:${step}:${number}`;

export const closedBefore = (checkoutId: string): DomainError =>
  new DomainError('invalid_transition', 'the checkout was closed before this payment began', { checkoutId });

/**
 * SQL that writes what the provider said, and answers no row where a final answer stood already. An answer that is not final
 * leaves the attempt open with its intent. Locks the row, as the webhook does. Parameters: `settlementOf`.
 */
export const SETTLEMENT = `
  update payment_attempts
  set state = ?, outcome = ?, reason = ?, intent_id = coalesce(?, intent_id), charge_id = ?, authorised_until = ?,
      settled_at = ?
  where checkout_id = ? and step = 'authorise' and attempt = ? and state = 'begun'
  returning checkout_id, old.outcome as before`;

export function settlementOf(
  checkoutId: string,
  number: number,
  outcome: Exclude<AuthoriseOutcome, { kind: 'unknown' }>,
): (string | number | null)[] {
  const final = outcome.kind !== 'needs_customer' && outcome.kind !== 'processing';
  return [
    final ? 'settled' : 'begun',
    outcome.kind,
    outcome.kind === 'declined' ? outcome.reason : null,
    outcome.intentId,
    outcome.kind === 'captured' ? outcome.chargeId : null,
    outcome.kind === 'authorised' ? outcome.expiresAt : null,
    final ? new Date().toISOString() : null,
    checkoutId,
    number,
  ];
}

/** A final answer that was already written down, so that the provider need not be asked again. */
export function settledOutcome(attempt: Attempt): AuthoriseOutcome | null {
  if (attempt.state !== 'settled') return null;
  const { intentId } = attempt;
  if (attempt.outcome === 'declined') return { kind: 'declined', reason: attempt.reason ?? 'declined', intentId };
  if (intentId === null) return null;
  if (attempt.outcome === 'authorised' && attempt.authorisedUntil !== null)
    return { kind: 'authorised', intentId, expiresAt: attempt.authorisedUntil };
  if (attempt.outcome === 'captured' && attempt.chargeId !== null)
    return { kind: 'captured', intentId, chargeId: attempt.chargeId };
  return attempt.outcome === 'due' ? { kind: 'due', intentId } : null;
}

export interface AttemptRow {
  readonly id: string;
  readonly checkout_id: string;
  readonly step: AttemptStep;
  readonly attempt: number;
  readonly key: string;
  readonly parameter_hash: string;
  readonly state: Attempt['state'];
  readonly outcome: string | null;
  readonly reason: string | null;
  readonly intent_id: string | null;
  readonly charge_id: string | null;
  readonly authorised_until: string | null;
  readonly begun_at: string;
}

export const toAttempt = (row: AttemptRow): Attempt => ({
  id: row.id,
  checkoutId: row.checkout_id,
  step: row.step,
  number: row.attempt,
  key: row.key,
  state: row.state,
  outcome: row.outcome,
  reason: row.reason,
  intentId: row.intent_id,
  chargeId: row.charge_id,
  authorisedUntil: row.authorised_until,
  begunAt: row.begun_at,
});
