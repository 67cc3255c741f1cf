import type { EntityManager } from '@mikro-orm/postgresql';
import { DomainError, notFound } from '../kernel/errors.js';
import { restock } from '../inventory/index.js';
import { assertMayBecome, statusesBefore, type OrderStatus } from './status.js';

export interface Actor {
  readonly type: 'user' | 'guest' | 'operator' | 'system' | 'provider';
  readonly id?: string;
}

type Data = Readonly<Record<string, unknown>>;

export interface LockedOrder {
  readonly status: OrderStatus;
  readonly version: number;
  /** Its cancellation was asked for and is not done. */
  readonly cancelling: boolean;
}

/** Locks an order: first of all rows that belong to it, everywhere. @throws DomainError `not_found` */
export async function lockOrder(em: EntityManager, orderId: string): Promise<LockedOrder> {
  const [order] = await em.execute<Omit<LockedOrder, 'cancelling'>[]>(
    'select status, version from orders where id = ? for update',
    [orderId],
  );
  if (order === undefined) throw notFound('order');
  // After the lock, in a statement of its own: what the lock waited for is seen.
  return { ...order, cancelling: await isCancelling(em, orderId) };
}

/** Whether its cancellation was asked for and is not done. */
export async function isCancelling(em: EntityManager, orderId: string): Promise<boolean> {
  const open = await em.execute<unknown[]>(
    'select 1 from order_cancellations where order_id = ? and ended_at is null',
    [orderId],
  );
  return open.length > 0;
}

/** @throws DomainError `precondition_failed` where the caller saw another version; null asks for none */
export function assertVersion(order: LockedOrder, expected: number | null): void {
  if (expected !== null && expected !== order.version)
    throw new DomainError('precondition_failed', 'the order has changed', { version: order.version });
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
  data: Data = {},
): Promise<boolean> {
  // One statement: the lock waits first and answers what stands then, and all else in it follows that answer.
  const [order] = await em.execute<{ status: OrderStatus }[]>(
    `with o as materialized (
       select id, status from orders where id = ? for update
     ), moved as (
       update orders set status = ?, version = version + 1, updated_at = now()
       from o where orders.id = o.id and o.status = any(?::text[]) returning orders.id
     ), noted as (
       insert into order_events (order_id, type, data, actor_type, actor_id) select id, ?, ?::jsonb, ?, ? from moved
     )
     select status from o`,
    [orderId, to, `{${statusesBefore(to).join(',')}}`, to, JSON.stringify(data), actor.type, actor.id ?? null],
  );
  if (order === undefined) throw notFound('order');
  if (order.status === to) return false;
  assertMayBecome(order.status, to);
  return true;
}

/** Something happened to an order that moves it nowhere: a new version, and an event on its timeline. */
export async function noteOnOrder(
  em: EntityManager,
  orderId: string,
  type: string,
  actor: Actor,
  data: Data = {},
): Promise<void> {
  await setStatus(em, orderId, null, type, actor, data);
}

/** The money of a refunded order came back to us: it is again what it was before. Others are left alone. */
export async function reopenOrder(em: EntityManager, orderId: string, actor: Actor, data: Data): Promise<void> {
  const [before] = await em.execute<{ status: OrderStatus }[]>(
    `select e.data->>'from' as status from order_events e join orders o on o.id = e.order_id
     where o.id = ? and o.status = 'refunded' and e.type = 'refunded' order by e.id desc limit 1`,
    [orderId],
  );
  await setStatus(em, orderId, before?.status ?? null, 'refund_failed', actor, data);
}

async function setStatus(
  em: EntityManager,
  orderId: string,
  status: OrderStatus | null,
  type: string,
  actor: Actor,
  data: Data,
): Promise<void> {
  await em.execute(
    `with moved as (
       update orders set status = coalesce(?, status), version = version + 1, updated_at = now() where id = ?
     )
     insert into order_events (order_id, type, data, actor_type, actor_id) values (?, ?, ?::jsonb, ?, ?)`,
    [status, orderId, orderId, type, JSON.stringify(data), actor.type, actor.id ?? null],
    'run',
  );
}

/** Cancels an order whose goods have not left, and puts back on the shelf what is not there already. Idempotent. */
export async function cancelOrder(em: EntityManager, orderId: string, actor: Actor, data: Data): Promise<boolean> {
  if (!(await moveOrder(em, orderId, 'cancelled', actor, data))) return false;
  const rows = await em.execute<{ variant_id: string; quantity: number }[]>(
    `with left_over as (
       select id, variant_id, quantity - restocked as quantity from order_lines where order_id = ? and restocked < quantity
     ), shelved as (
       update order_lines l set restocked = l.quantity from left_over where l.id = left_over.id
     )
     select variant_id, quantity from left_over`,
    [orderId],
  );
  await restock(
    em,
    orderId,
    rows.map((row) => ({ variantId: row.variant_id, quantity: row.quantity })),
  );
  return true;
}
