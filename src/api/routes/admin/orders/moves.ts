import type { EntityManager } from '@mikro-orm/postgresql';
import { z } from 'zod';
import { confirmOrder, deliverOrder, readOrder, shipOrder, type Fulfilment } from '../../../../domain/orders/index.js';
import { CANCELLATION_REASONS, requestCancellation } from '../../../../domain/cancellations/index.js';
import { assertMayForVendor } from '../../../../domain/users/index.js';
import { endpoint, type Endpoint, type Reply, type Request } from '../../../endpoint.js';
import { etag, readIfMatch } from '../../../if-match.js';
import { Id } from '../../../openapi/schemas.js';
import type { AdminOrderRouteDeps } from './deps.js';
import { AdminOrder, presentForStaff, ShipBody } from './schemas.js';

const ById = z.strictObject({ id: Id });
const Nothing = z.strictObject({});

/** What staff do with orders; each step once, from where the order is, and as the caller saw it (`If-Match`). */
export function createMoveRoutes({ transact, query, cipher }: AdminOrderRouteDeps): Endpoint[] {
  type Call = Pick<Request<{ id: string }, undefined, unknown>, 'caller' | 'params' | 'requestId' | 'claim' | 'ctx'>;

  async function move(
    { caller, params: { id }, requestId, claim, ctx }: Call,
    work: (em: EntityManager, fulfilment: Fulfilment) => Promise<void>,
    status = 200,
  ): Promise<Reply> {
    assertMayForVendor(caller, 'orders:write', null, 'order');
    if (caller.kind !== 'user') throw new Error('permissions are users’');
    const fulfilment = { orderId: id, userId: caller.userId, requestId, ifVersion: readIfMatch(ctx) };
    await transact(async (em) => {
      if (!(await claim(em, id)).replayed) await work(em, fulfilment);
    });
    const order = await query((em) => readOrder(em, cipher, id));
    return { status, body: presentForStaff(order), headers: { ETag: etag(order.version) } };
  }

  const shared = {
    method: 'post',
    tag: 'admin',
    access: { permission: 'orders:write' },
    idempotency: 'optional',
    params: ById,
  } as const;
  return [
    endpoint({
      ...shared,
      path: '/admin/orders/:id/confirm',
      operationId: 'confirmOrder',
      summary: 'Confirm an order whose money is taken, or due on delivery',
      body: Nothing,
      responses: { 200: AdminOrder },
      handle: (call) => move(call, confirmOrder),
    }),
    endpoint({
      ...shared,
      path: '/admin/orders/:id/ship',
      operationId: 'shipOrder',
      summary: 'The goods leave; the customer is told and can follow them',
      body: ShipBody,
      responses: { 200: AdminOrder },
      handle: (call) => {
        const { carrier, tracking_number: number = null, tracking_url: url = null } = call.body;
        return move(call, (em, fulfilment) => shipOrder(em, fulfilment, { carrier, number, url }));
      },
    }),
    endpoint({
      ...shared,
      path: '/admin/orders/:id/deliver',
      operationId: 'deliverOrder',
      summary: 'The goods arrived',
      body: Nothing,
      responses: { 200: AdminOrder },
      handle: (call) => move(call, deliverOrder),
    }),
    endpoint({
      ...shared,
      path: '/admin/orders/:id/cancel',
      operationId: 'adminCancelOrder',
      summary: 'Cancel an order before it is shipped: refunded, restocked and told, by a flow',
      body: z.strictObject({ reason: z.enum(CANCELLATION_REASONS).default('other') }),
      responses: { 202: AdminOrder },
      handle: (call) =>
        move(
          call,
          (em, { userId, ...rest }) =>
            requestCancellation(em, { ...rest, reason: call.body.reason, actor: { type: 'user', id: userId } }),
          202,
        ),
    }),
  ];
}
