import { z } from 'zod';
import { DomainError } from '../../../../domain/kernel/errors.js';
import { newId } from '../../../../domain/kernel/ids.js';
import { readCurrency, readRefundOf } from '../../../../domain/orders/index.js';
import { requestRefund, type RefundWish } from '../../../../domain/refunds/index.js';
import { assertMayForVendor } from '../../../../domain/users/index.js';
import { endpoint, type Endpoint } from '../../../endpoint.js';
import { readIfMatch } from '../../../if-match.js';
import { Id } from '../../../openapi/schemas.js';
import { presentRefund } from '../../checkout/presenter.js';
import { OrderRefund } from '../../orders.js';
import type { AdminOrderRouteDeps } from './deps.js';
import { RefundBody } from './schemas.js';

export function createRefundRoutes({ transact, query }: AdminOrderRouteDeps): Endpoint[] {
  const refundOf = async (orderId: string, refundId: string) =>
    presentRefund(await query((em) => readRefundOf(em, orderId, refundId)));

  /** @throws DomainError `validation_failed` for an amount in another currency */
  async function assertCurrency({ amount }: z.output<typeof RefundBody>, orderId: string): Promise<void> {
    if (amount === undefined) return;
    const currency = await query((em) => readCurrency(em, orderId));
    if (amount.currency !== currency)
      throw new DomainError('validation_failed', 'the body is not valid', {}, [
        { field: 'amount.currency', message: `must be the order’s, ${currency}` },
      ]);
  }

  return [
    endpoint({
      method: 'post',
      path: '/admin/orders/:id/refunds',
      operationId: 'refundOrder',
      summary: 'Give money back: all that is left, pieces of lines, shipping, or an amount; done by a flow',
      tag: 'admin',
      access: { permission: 'orders:write' },
      idempotency: 'optional',
      params: z.strictObject({ id: Id }),
      body: RefundBody,
      responses: { 202: OrderRefund },
      async handle({ caller, params: { id }, body, requestId, claim, ctx }) {
        assertMayForVendor(caller, 'orders:write', null, 'order');
        if (caller.kind !== 'user') throw new Error('permissions are users’');
        await assertCurrency(body, id);
        const request = { orderId: id, wish: wishOf(body), reason: body.reason, userId: caller.userId, requestId };
        const refundId = await transact(async (em) => {
          const { resourceId, replayed } = await claim(em, newId());
          if (!replayed) await requestRefund(em, { ...request, refundId: resourceId, ifVersion: readIfMatch(ctx) });
          return resourceId;
        });
        const headers = { Location: `/api/v1/admin/orders/${id}/refunds/${refundId}` };
        return { status: 202, body: await refundOf(id, refundId), headers };
      },
    }),
    endpoint({
      method: 'get',
      path: '/admin/orders/:id/refunds/:refundId',
      operationId: 'readRefund',
      summary: 'What became of a refund',
      tag: 'admin',
      access: { permission: 'orders:read' },
      params: z.strictObject({ id: Id, refundId: Id }),
      responses: { 200: OrderRefund },
      async handle({ caller, params: { id, refundId } }) {
        assertMayForVendor(caller, 'orders:read', null, 'order');
        return { status: 200, body: await refundOf(id, refundId) };
      },
    }),
  ];
}

/** Nothing named is the whole order. */
function wishOf({ items, shipping, amount, restock }: z.output<typeof RefundBody>): RefundWish {
  if (amount !== undefined) return { kind: 'amount', amount: amount.amount };
  if (items === undefined && shipping === undefined) return { kind: 'whole', restock };
  const lines = (items ?? []).map((item) => ({
    lineId: item.item_id,
    quantity: item.quantity,
    restock: item.restock ?? restock,
  }));
  return { kind: 'parts', lines, shipping: shipping ?? false };
}
