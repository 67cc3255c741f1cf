import type { EntityManager } from '@mikro-orm/postgresql';

/** A checkout that should have ended and has not; whether a flow still works on it only Temporal knows. */
export interface Orphan {
  readonly checkoutId: string;
}

/**
 * Open checkouts past their reservation's end, rows whose flow may never have started, and placed orders that
 * wait for their capture, oldest first. `graceMs` keeps the sweep off flows that are ending right now.
 */
export async function findOrphans(em: EntityManager, graceMs: number, limit: number): Promise<Orphan[]> {
  return em.execute<Orphan[]>(
    `select "checkoutId" from (
       select id as "checkoutId", created_at from checkouts
       where closed_at is null
         and coalesce(expires_at, created_at + interval '2 minutes') < now() - ? * interval '1 millisecond'
       union all
       select checkout_id, placed_at from orders
       where status = 'pending' and placed_at < now() - interval '2 minutes'
     ) open order by created_at limit ?`,
    [graceMs, limit],
  );
}
