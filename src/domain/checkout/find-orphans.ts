import type { EntityManager } from '@mikro-orm/postgresql';
import type { Orphan } from './types.js';

export interface OrphanPage {
  /** Keeps the sweep off flows that are ending right now. Milliseconds. */
  readonly graceMs: number;
  readonly limit: number;
  /** The last checkout of the page before; null for the first one. */
  readonly after: string | null;
}

/**
 * Open checkouts past their reservation's end, those that were being undone, rows whose flow may never have started,
 * and placed orders that wait for their capture, by id.
 */
export async function findOrphans(em: EntityManager, { graceMs, limit, after }: OrphanPage): Promise<Orphan[]> {
  return em.execute<Orphan[]>(
    `select "checkoutId", "orderId", "customerId" from (
       select id as "checkoutId", order_id as "orderId", user_id as "customerId" from checkouts
       where closed_at is null
         and case when closing then updated_at else coalesce(expires_at, created_at + interval '2 minutes') end
           < now() - ? * interval '1 millisecond'
       union all
       select checkout_id, id, user_id from orders
       where status = 'pending' and placed_at < now() - interval '2 minutes'
     ) open where ?::uuid is null or "checkoutId" > ?::uuid order by "checkoutId" limit ?`,
    [graceMs, after, after, limit],
  );
}
