import { createHash } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import { DomainError } from '../kernel/errors.js';

export interface IdempotencyClaim {
  /** Scope of the key, from `callerKey`. */
  readonly caller: string;
  readonly key: string;
  /** The operation id; a key used for another operation is a mismatch. */
  readonly operation: string;
  readonly bodyHash: string;
  /** What this request is about to create or change, should it be the first with its key. */
  readonly resourceId: string;
}

export interface IdempotencyOutcome {
  /** The claim's own resource, or that of the first request with this key. */
  readonly resourceId: string;
  readonly replayed: boolean;
}

/**
 * Binds a key to its resource for 24 hours, in the caller's transaction: a change that rolls back gives
 * its key free. A concurrent request with the same key waits here until the first one has committed.
 * @throws DomainError `idempotency_mismatch` when the key was used with another body or operation
 */
export async function claimIdempotencyKey(em: EntityManager, claim: IdempotencyClaim): Promise<IdempotencyOutcome> {
  const caller = keyScope(claim.caller);
  const claimed = await em.execute<{ resource_id: string }[]>(
    `insert into idempotency_keys (caller, key, operation, body_hash, resource_id, expires_at)
     values (?, ?, ?, ?, ?, now() + interval '24 hours')
     on conflict (caller, key) do update
       set operation = excluded.operation, body_hash = excluded.body_hash, resource_id = excluded.resource_id,
           created_at = excluded.created_at, expires_at = excluded.expires_at
       where idempotency_keys.expires_at <= now()
     returning resource_id`,
    [caller, claim.key, claim.operation, claim.bodyHash, claim.resourceId],
  );
  if (claimed.length > 0) return { resourceId: claim.resourceId, replayed: false };

  // The conflicting row is locked by the statement above, so it is still there.
  const [first] = await em.execute<{ operation: string; body_hash: string; resource_id: string }[]>(
    'select operation, body_hash, resource_id from idempotency_keys where caller = ? and key = ?',
    [caller, claim.key],
  );
  if (first === undefined || first.operation !== claim.operation || first.body_hash !== claim.bodyHash)
    throw new DomainError('idempotency_mismatch', 'this Idempotency-Key was used for a different request');
  return { resourceId: first.resource_id, replayed: true };
}

/**
 * Gives a key free whose request was refused after its claim had committed, and so did nothing. A claim that another
 * request made with it since stays.
 */
export async function freeIdempotencyKey(
  em: EntityManager,
  { caller, key, resourceId }: Pick<IdempotencyClaim, 'caller' | 'key' | 'resourceId'>,
): Promise<void> {
  await em.execute('delete from idempotency_keys where caller = ? and key = ? and resource_id = ?', [
    keyScope(caller),
    key,
    resourceId,
  ]);
}

/** A guest's caller key holds a cart token, which must not be readable at rest. */
export const keyScope = (caller: string): string => createHash('sha256').update(caller).digest('base64url');
