import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { CUSTOMER_REASONS, requestCancellation } from '../../domain/cancellations/index.js';
import type { Cipher } from '../../domain/kernel/cipher.js';
import { notFound } from '../../domain/kernel/errors.js';
import type { Query, Transact } from '../../domain/kernel/transact.js';
import { findOrderOwner, isCancelling, readOrder } from '../../domain/orders/index.js';
import { endpoint, type Endpoint } from '../endpoint.js';
import { etag, readIfMatch } from '../if-match.js';
import { Id } from '../openapi/schemas.js';
import { assertOwns } from './checkout/access.js';
import { presentOrder } from './checkout/presenter.js';
import { Order } from './orders.js';

export interface OrderCancelRouteDeps {
  readonly transact: Transact;
  readonly query: Query;
  readonly cipher: Cipher;
}

/** How long the flow is given before the answer says that it is still at work. */
const LOOKS = 5;
const LOOK_MS = 200;

export function createOrderCancelRoutes({ transact, query, cipher }: OrderCancelRouteDeps): Endpoint[] {
  return [
    endpoint({
      method: 'post',
      path: '/orders/:id/cancel',
      operationId: 'cancelOrder',
      summary: 'Cancel an order before it is shipped; 202 while it is being refunded',
      tag: 'orders',
      access: 'guest',
      orderToken: true,
      idempotency: 'optional',
      params: z.strictObject({ id: Id }),
      body: z.strictObject({ reason: z.enum(CUSTOMER_REASONS).default('changed_mind') }),
      responses: { 200: Order, 202: Order },
      async handle({ params: { id }, body: { reason }, caller, requestId, claim, ctx }) {
        const owner = await query((em) => findOrderOwner(em, id));
        if (owner === null) throw notFound('order');
        assertOwns(cipher, ctx, caller, owner, 'order');
        // Who comes with the order's token is its guest, whoever they are logged in as.
        const own = caller.kind === 'user' && caller.userId === owner.userId;
        const actor = own ? ({ type: 'user', id: caller.userId } as const) : ({ type: 'guest' } as const);
        await transact(async (em) => {
          if ((await claim(em, id, own ? undefined : `order:${id}`)).replayed) return;
          await requestCancellation(em, { orderId: id, reason, actor, requestId, ifVersion: readIfMatch(ctx) });
        });
        await untilCancelled(id);
        const order = await query((em) => readOrder(em, cipher, id));
        return {
          status: order.cancelling ? 202 : 200,
          body: presentOrder(order),
          headers: { ETag: etag(order.version) },
        };
      },
    }),
  ];

  /** Waits for the cancellation to be done, for a moment. */
  async function untilCancelled(id: string): Promise<void> {
    for (let look = 1; await query((em) => isCancelling(em, id)); look += 1) {
      if (look === LOOKS) return;
      await pause(LOOK_MS);
    }
  }
}
