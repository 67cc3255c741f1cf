import type { EntityManager } from '@mikro-orm/postgresql';
import { notFound } from '../kernel/errors.js';
import { restock, type StockLine } from '../inventory/index.js';
import { assertMayBecome, type OrderStatus } from './status.js';

export interface Actor {
  readonly type: 'user' | 'operator' | 'system' | 'provider';
  readonly id?: string;
}

/**
 * Moves an order along its life cycle, with an event on its timeline. Idempotent: an order that is there
 * already is left alone.
 * @returns false when it was there already
 * @throws DomainError `not_found`, `invalid_transition`
 */
export async function moveOrder(
  em: EntityManager,
  orderId: string,
  to: OrderStatus,
  actor: Actor = { type: 'system' },
  data: Readonly<Record<string, unknown>> = {},
): Promise<boolean> {
  const [order] = await em.execute<{ status: OrderStatus }[]>('select status from orders where id = ? for update', [
    orderId,
  ]);
  if (order === undefined) throw notFound('order');
  if (order.status === to) return false;
  assertMayBecome(order.status, to);
  await em.execute(
    `with moved as (
       update orders set status = ?, version = version + 1, updated_at = now() where id = ?
     )
     insert into order_events (order_id, type, data, actor_type, actor_id) values (?, ?, ?::jsonb, ?, ?)`,
    [to, orderId, orderId, to, JSON.stringify(data), actor.type, actor.id ?? null],
    'run',
  );
  return true;
}

/** Cancels an order whose goods have not left, and puts them back on the shelf. Idempotent. */
export async function cancelOrder(
  em: EntityManager,
  orderId: string,
  actor: Actor,
  data: Readonly<Record<string, unknown>>,
): Promise<boolean> {
  if (!(await moveOrder(em, orderId, 'cancelled', actor, data))) return false;
  await restock(em, orderId, await linesOf(em, orderId));
  return true;
}

async function linesOf(em: EntityManager, orderId: string): Promise<StockLine[]> {
  const rows = await em.execute<{ variant_id: string; quantity: number }[]>(
    'select variant_id, sum(quantity)::integer as quantity from order_lines where order_id = ? group by variant_id',
    [orderId],
  );
  return rows.map((row) => ({ variantId: row.variant_id, quantity: row.quantity }));
}
