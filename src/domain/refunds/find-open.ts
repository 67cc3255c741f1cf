import type { EntityManager } from '@mikro-orm/postgresql';
import type { OpenRefund } from './types.js';

/** How long nothing may happen to an open refund before the sweep gives it a flow. */
export const LEFT_ALONE = `interval '2 minutes'`;

/**
 * Refunds without an end that nothing happened to for two minutes, by id; those of a cancellation that is under way belong to
 * its flow.
 */
export const findOpenRefunds = (
  em: EntityManager,
  { limit, after }: { readonly limit: number; readonly after: string | null },
): Promise<OpenRefund[]> =>
  em.execute<OpenRefund[]>(
    `select r.id as "refundId", r.order_id as "orderId", o.user_id as "customerId"
     from refunds r join orders o on o.id = r.order_id
     where r.status in ('requested', 'pending') and r.updated_at < now() - ${LEFT_ALONE}
       and (r.origin <> 'cancellation' or not exists (
         select from order_cancellations c where c.order_id = r.order_id and c.ended_at is null))
       and (?::uuid is null or r.id > ?::uuid)
     order by r.id limit ?`,
    [after, after, limit],
  );
