import type { EntityManager } from '@mikro-orm/postgresql';
import { DomainError } from '../kernel/errors.js';
import { newId } from '../kernel/ids.js';
import type { Money } from '../kernel/money.js';
import { queueOrderNotification } from '../notifications/index.js';
import { cancelOrder, lockOrder, type Actor } from '../orders/index.js';
import {
  amountLeft,
  CLAIMING,
  insertRefund,
  leftOf,
  lockPayment,
  planRefund,
  readGiven,
  readPaid,
} from '../refunds/index.js';
import type { OpenCancellation } from './types.js';

/**
 * Cancels the order: its goods are back on the shelf and the customer is to be told, in one transaction. Idempotent.
 * @throws DomainError `temporarily_unavailable` while its payment is being taken, or a refund of it is under way: what comes
 *   of them decides what is still owed
 */
export async function carryOutCancellation(em: EntityManager, orderId: string): Promise<void> {
  const { status, cancelling } = await lockOrder(em, orderId);
  if (!cancelling) return;
  if (status === 'pending') throw underWay(orderId, 'the payment of this order is being taken');
  if (status !== 'confirmed') return;
  if ((await openRefund(em, orderId)) !== null) throw underWay(orderId, 'a refund of this order is under way');
  await cancelOrder(em, orderId, await actorOf(em, orderId), { reason: 'requested' });
  await em.execute(
    `update payments set status = 'voided', updated_at = now() where order_id = ? and status = 'due'`,
    [orderId],
    'run',
  );
  await queueOrderNotification(em, orderId, 'order_cancelled', {
    ...(await cancelledBy(em, orderId)),
    ...(await owed(em, orderId)),
  });
}

/** For the customer's message: who wanted it. */
export async function cancelledBy(
  em: EntityManager,
  orderId: string,
): Promise<{ readonly cancelledBy: 'customer' | 'shop' }> {
  const [row] = await em.execute<{ own: boolean }[]>(
    `select c.actor_type = 'guest' or c.actor_id = o.user_id::text as own
     from order_cancellations c join orders o on o.id = c.order_id where o.id = ?`,
    [orderId],
  );
  return { cancelledBy: row?.own === true ? 'customer' : 'shop' };
}

/** What was taken and is not given back. */
async function owed(em: EntityManager, orderId: string): Promise<{ readonly refunded?: Money }> {
  const [row] = await em.execute<Money[]>(
    'select captured_amount - refunded_amount as amount, currency from payments where order_id = ?',
    [orderId],
  );
  return row === undefined || row.amount === 0 ? {} : { refunded: row };
}

/**
 * Claims what is still owed to the customer of a cancelled order.
 * @returns the refund that gives it back; null when nothing is owed, and the cancellation is done
 * @throws DomainError `temporarily_unavailable` for a while after the provider refused one: 5, 10, 20 … minutes, at most a day
 */
export async function claimOwed(em: EntityManager, orderId: string): Promise<string | null> {
  await lockOrder(em, orderId);
  const open = await openRefund(em, orderId);
  if (open?.origin === 'cancellation') return open.id;
  if (open !== null) throw underWay(orderId, 'a refund of this order is under way');

  const payment = await lockPayment(em, orderId);
  const paid = await readPaid(em, orderId);
  const given = await readGiven(em, orderId, CLAIMING);
  if (payment.captured === 0 || amountLeft(leftOf(paid, given)) === 0) {
    await em.execute(
      'update order_cancellations set ended_at = now() where order_id = ? and ended_at is null',
      [orderId],
      'run',
    );
    return null;
  }
  await assertNotJustRefused(em, orderId);
  const refundId = newId();
  const parts = planRefund(paid, given, { kind: 'whole', restock: false });
  const actor = { type: 'system' } as const;
  await insertRefund(em, { id: refundId, payment, origin: 'cancellation', reason: 'order_cancelled', parts, actor });
  return refundId;
}

/** Cancellations without an end that nothing happened to for two minutes, by order. */
export const findOpenCancellations = (
  em: EntityManager,
  { limit, after }: { readonly limit: number; readonly after: string | null },
): Promise<OpenCancellation[]> =>
  em.execute<OpenCancellation[]>(
    `select c.order_id as "orderId", o.user_id as "customerId"
     from order_cancellations c join orders o on o.id = c.order_id
     where c.ended_at is null and o.updated_at < now() - interval '2 minutes'
       and (?::uuid is null or c.order_id > ?::uuid)
     order by c.order_id limit ?`,
    [after, after, limit],
  );

async function openRefund(
  em: EntityManager,
  orderId: string,
): Promise<{ readonly id: string; readonly origin: string } | null> {
  const [open] = await em.execute<{ id: string; origin: string }[]>(
    `select id, origin from refunds where order_id = ? and status in ('requested', 'pending') order by id limit 1`,
    [orderId],
  );
  return open ?? null;
}

async function assertNotJustRefused(em: EntityManager, orderId: string): Promise<void> {
  const [row] = await em.execute<{ wait: boolean | null; count: number }[]>(
    `select count(*) as count, max(settled_at) + least(interval '5 minutes' * power(2, least(count(*) - 1, 10)), interval '1 day') > now() as wait
     from refunds where order_id = ? and origin = 'cancellation' and status in ('refused', 'failed')`,
    [orderId],
  );
  if (row?.wait === true)
    // One that passes: refusals are timers in the flow's history, which a day of them would fill.
    throw new DomainError('temporarily_unavailable', 'the provider refused to give the money back', {
      orderId,
      refusals: row.count,
    });
}

/** Who asked for it. */
async function actorOf(em: EntityManager, orderId: string): Promise<Actor> {
  const [row] = await em.execute<{ actor_type: Actor['type']; actor_id: string | null }[]>(
    'select actor_type, actor_id from order_cancellations where order_id = ?',
    [orderId],
  );
  if (row === undefined) return { type: 'system' };
  return { type: row.actor_type, ...(row.actor_id === null ? {} : { id: row.actor_id }) };
}

const underWay = (orderId: string, message: string): DomainError =>
  new DomainError('temporarily_unavailable', message, { orderId });
