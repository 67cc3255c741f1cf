import type { EntityManager } from '@mikro-orm/postgresql';
import { writeAudit } from '../audit/index.js';
import { DomainError } from '../kernel/errors.js';
import { assertVersion, lockOrder, noteOnOrder } from '../orders/index.js';
import { publish } from '../outbox/index.js';
import { planRefund, totalOf } from './plan-refund.js';
import { insertRefund, lockPayment, readGiven, readPaid } from './store.js';
import type { RefundReason, RefundStatus, RefundWish } from './types.js';

/** They have their share of the money, or may get it. */
export const CLAIMING: readonly RefundStatus[] = ['requested', 'pending', 'succeeded'];

export interface RefundRequest {
  readonly refundId: string;
  readonly orderId: string;
  readonly wish: RefundWish;
  readonly reason: RefundReason;
  readonly userId: string;
  readonly requestId: string;
  /** The version of the order that was seen; null: any. */
  readonly ifVersion: number | null;
}

/**
 * Claims money of an order to be given back, and has a flow do it. Any number at once claim no more than was captured:
 * they come one after the other, and what a refund claims is free again only when the provider refuses it.
 * @throws DomainError `not_found`, `precondition_failed`, `not_refundable`, `validation_failed`
 */
export async function requestRefund(em: EntityManager, request: RefundRequest): Promise<void> {
  const { refundId, orderId } = request;
  const actor = { type: 'user', id: request.userId } as const;
  assertVersion(await lockOrder(em, orderId), request.ifVersion);
  const payment = await lockPayment(em, orderId);
  if (payment.captured === 0)
    throw new DomainError('not_refundable', 'no money was taken for this order', { refundable: 0 });
  const parts = planRefund(await readPaid(em, orderId), await readGiven(em, orderId, CLAIMING), request.wish);
  await insertRefund(em, { id: refundId, payment, origin: 'staff', reason: request.reason, parts, actor });
  const data = { refund_id: refundId, amount: totalOf(parts), currency: payment.currency };
  await noteOnOrder(em, orderId, 'refund_requested', actor, data);
  await writeAudit(em, {
    actor,
    action: 'order.refund_requested',
    object: { type: 'order', id: orderId },
    data: { ...data, reason: request.reason },
    requestId: request.requestId,
  });
  await publish(em, { topic: 'order.refund_requested', key: refundId, payload: { refundId, orderId } });
}
