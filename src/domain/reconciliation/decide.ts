import type { EntityManager } from '@mikro-orm/postgresql';
import { writeAudit } from '../audit/index.js';
import { DomainError, notFound } from '../kernel/errors.js';
import { publish } from '../outbox/index.js';
import { lockDifference } from './store.js';
import type { Difference, Figures } from './types.js';

export interface Decision {
  readonly differenceId: string;
  readonly decision: 'approved' | 'rejected';
  /** What the person saw who decides. */
  readonly shown: { readonly expected: Figures; readonly found: Figures };
  readonly userId: string;
  readonly requestId: string;
}

/**
 * A person decides on a difference, by the figures that were shown. Approved, a flow mends it; rejected, it is known and left
 * until its figures change.
 * @throws DomainError `not_found`; `invalid_transition` where nothing waits for approval, or nothing can be done but by hand;
 *   `conflict` when the figures are others by now
 */
export async function decideDifference(em: EntityManager, request: Decision): Promise<void> {
  const { differenceId, decision, shown, userId, requestId } = request;
  const difference = await lockDifference(em, differenceId);
  if (difference === null) throw notFound('difference');
  const { state, action } = difference;
  if (state !== 'awaiting_approval')
    throw new DomainError('invalid_transition', 'this difference waits for no approval', { state });
  if (!same(difference.expected, shown.expected) || !same(difference.found, shown.found))
    throw new DomainError('conflict', 'the figures have changed', {
      expected: difference.expected,
      found: difference.found,
    });
  if (decision === 'approved' && action === 'by_hand')
    throw new DomainError('invalid_transition', 'only a person can mend this; it closes when the books agree', {
      state,
    });
  await em.execute(
    `update reconciliation_differences set state = ?, decided_by = ?, failure = null, changed_at = clock_timestamp()
     where id = ?`,
    [decision, userId, differenceId],
    'run',
  );
  await writeAudit(em, {
    actor: { type: 'user', id: userId },
    action: `difference.${decision}`,
    object: { type: 'difference', id: differenceId },
    data: { kind: difference.kind, ...difference.subject, expected: difference.expected, found: difference.found },
    requestId,
  });
  if (decision === 'approved') await askForRepair(em, differenceId);
}

const askForRepair = (em: EntityManager, differenceId: string): Promise<void> =>
  publish(em, { topic: 'reconciliation.approved', key: differenceId, payload: { differenceId } });

/** Approved ones that are not mended: their flow is started once more, should somebody have ended it. */
export async function askAgain(em: EntityManager): Promise<void> {
  const rows = await em.execute<Pick<Difference, 'id'>[]>(
    `select id from reconciliation_differences
     where state = 'approved' and changed_at < clock_timestamp() - interval '10 minutes' order by id limit 200`,
  );
  for (const { id } of rows) await askForRepair(em, id);
}

function same(ours: Figures, shown: Figures): boolean {
  const names = Object.keys(ours);
  return names.length === Object.keys(shown).length && names.every((name) => ours[name] === shown[name]);
}
