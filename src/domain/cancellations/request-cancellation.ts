import type { EntityManager } from '@mikro-orm/postgresql';
import { writeAudit } from '../audit/index.js';
import { assertMayBecome, assertVersion, lockOrder, noteOnOrder } from '../orders/index.js';
import { publish } from '../outbox/index.js';
import type { CancellationReason } from './types.js';

export interface CancellationRequest {
  readonly orderId: string;
  readonly reason: CancellationReason;
  readonly actor: { readonly type: 'user'; readonly id: string } | { readonly type: 'guest' };
  readonly requestId: string;
  /** The version of the order that was seen; null: any. */
  readonly ifVersion: number | null;
}

/**
 * Asks for an order's cancellation, and has a flow do it. From here on the order cannot be shipped. Asked again while it is
 * under way, or done, nothing changes.
 * @throws DomainError `not_found`, `precondition_failed`; `invalid_transition` once the goods have left
 */
export async function requestCancellation(em: EntityManager, request: CancellationRequest): Promise<void> {
  const { orderId, reason, actor } = request;
  const order = await lockOrder(em, orderId);
  if (order.cancelling || order.status === 'cancelled') return;
  assertVersion(order, request.ifVersion);
  assertMayBecome(order.status, 'cancelled');
  await em.execute(
    'insert into order_cancellations (order_id, reason, actor_type, actor_id) values (?, ?, ?, ?)',
    [orderId, reason, actor.type, 'id' in actor ? actor.id : null],
    'run',
  );
  await noteOnOrder(em, orderId, 'cancellation_requested', actor, { reason });
  await writeAudit(em, {
    actor,
    action: 'order.cancellation_requested',
    object: { type: 'order', id: orderId },
    data: { reason },
    requestId: request.requestId,
  });
  await publish(em, { topic: 'order.cancellation_requested', key: orderId, payload: { orderId } });
}
