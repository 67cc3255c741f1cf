import type { EntityManager } from '@mikro-orm/postgresql';
import { writeAudit } from '../audit/index.js';
import { DomainError } from '../kernel/errors.js';
import { queueOrderNotification } from '../notifications/index.js';
import { publish } from '../outbox/index.js';
import { collectDue } from '../payments/index.js';
import { assertVersion, lockOrder, moveOrder } from './move-order.js';
import { assertMayBecome, type OrderStatus } from './status.js';
import type { Tracking } from './types.js';

/** A member of the shop's staff, and the version of the order that was seen. */
export interface Fulfilment {
  readonly orderId: string;
  readonly userId: string;
  readonly requestId: string;
  /** Null: any. */
  readonly ifVersion: number | null;
}

/**
 * Confirms an order by hand where no payment flow does: only one whose money is taken, or due on delivery.
 * @throws DomainError `not_found`, `precondition_failed`, `invalid_transition`
 */
export async function confirmOrder(em: EntityManager, fulfilment: Fulfilment): Promise<void> {
  await begin(em, fulfilment, 'confirmed');
  const [payment] = await em.execute<{ status: string }[]>('select status from payments where order_id = ?', [
    fulfilment.orderId,
  ]);
  if (payment?.status !== 'captured' && payment?.status !== 'due')
    throw new DomainError('invalid_transition', 'the payment of this order is not taken yet', {
      payment: payment?.status,
    });
  await end(em, fulfilment, 'confirmed', {});
  await queueOrderNotification(em, fulfilment.orderId, 'order_confirmed');
}

/** The goods leave. Throws like `confirmOrder`, also while the order is being cancelled: one of the two wins. */
export async function shipOrder(
  em: EntityManager,
  fulfilment: Fulfilment,
  { carrier, number, url }: Tracking,
): Promise<void> {
  await begin(em, fulfilment, 'shipped');
  await em.execute(
    'update orders set carrier = ?, tracking_number = ?, tracking_url = ?, shipped_at = now() where id = ?',
    [carrier, number, url, fulfilment.orderId],
    'run',
  );
  await end(em, fulfilment, 'shipped', { carrier, tracking_number: number, tracking_url: url });
  await queueOrderNotification(em, fulfilment.orderId, 'order_shipped', { tracking: { carrier, number, url } });
}

/** The goods arrived, and with them what was to be paid for on delivery. Throws like `confirmOrder`. */
export async function deliverOrder(em: EntityManager, fulfilment: Fulfilment): Promise<void> {
  await begin(em, fulfilment, 'delivered');
  await em.execute('update orders set delivered_at = now() where id = ?', [fulfilment.orderId], 'run');
  await collectDue(em, fulfilment.orderId);
  await end(em, fulfilment, 'delivered', {});
  await queueOrderNotification(em, fulfilment.orderId, 'order_delivered');
}

async function begin(em: EntityManager, { orderId, ifVersion }: Fulfilment, to: OrderStatus): Promise<void> {
  const order = await lockOrder(em, orderId);
  assertVersion(order, ifVersion);
  assertMayBecome(order.status, to);
  if (order.cancelling) throw new DomainError('invalid_transition', 'the order is being cancelled', { to });
}

async function end(
  em: EntityManager,
  { orderId, userId, requestId }: Fulfilment,
  to: OrderStatus,
  data: Readonly<Record<string, unknown>>,
): Promise<void> {
  await moveOrder(em, orderId, to, { type: 'user', id: userId }, data);
  await writeAudit(em, {
    actor: { type: 'user', id: userId },
    action: `order.${to}`,
    object: { type: 'order', id: orderId },
    requestId,
  });
  await publish(em, { topic: 'order.notification_queued', key: orderId, payload: { orderId } });
}
