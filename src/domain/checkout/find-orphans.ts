import type { EntityManager } from '@mikro-orm/postgresql';

/** A checkout that should have ended and has not; whether a flow still works on it only Temporal knows. */
export interface Orphan {
  readonly checkoutId: string;
}

/**
 * Open checkouts past their reservation's end, and rows whose flow may never have started, oldest first.
 * `graceMs` keeps the sweep off flows that are ending right now.
 */
export async function findOrphans(em: EntityManager, graceMs: number, limit: number): Promise<Orphan[]> {
  return em.execute<Orphan[]>(
    `select id as "checkoutId" from checkouts
     where closed_at is null
       and coalesce(expires_at, created_at + interval '2 minutes') < now() - ? * interval '1 millisecond'
     order by created_at limit ?`,
    [graceMs, limit],
  );
}
