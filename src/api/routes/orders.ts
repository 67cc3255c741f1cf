import { z } from 'zod';
import type { Cipher } from '../../domain/kernel/cipher.js';
import { notFound } from '../../domain/kernel/errors.js';
import type { Query } from '../../domain/kernel/transact.js';
import { findOrderOwner, listOrders, readOrder, readTimeline, type OrderEvent } from '../../domain/orders/index.js';
import type { Caller } from '../../domain/users/types.js';
import { endpoint, type Endpoint } from '../endpoint.js';
import { etag } from '../if-match.js';
import { Id, Instant, Money, pageInput } from '../openapi/schemas.js';
import { assertOwns } from './checkout/access.js';
import { presentOrder } from './checkout/presenter.js';
import { Address } from './checkout/schemas.js';
import type { Context } from 'koa';

export const OrderStatus = z
  .enum(['pending', 'confirmed', 'shipped', 'delivered', 'cancelled', 'returned', 'refunded', 'failed'])
  .meta({ id: 'OrderStatus' });

const Adjustment = z
  .strictObject({
    kind: z.string(),
    label: z.string(),
    rate: z.int().nullable().meta({ description: 'basis points' }),
    amount: Money,
    unit_price: Money,
  })
  .meta({ id: 'OrderAdjustment' });

export const OrderRefund = z
  .strictObject({
    id: Id,
    status: z
      .enum(['requested', 'pending', 'succeeded', 'refused', 'failed'])
      .meta({ description: '`pending`: the bank takes its time; `failed`: the bank sent the money back to us' }),
    reason: z.string(),
    amount: Money,
    goods: Money,
    shipping: Money,
    tax: Money,
    created_at: Instant,
    settled_at: Instant.nullable(),
  })
  .meta({ id: 'OrderRefund' });

export const Order = z
  .strictObject({
    id: Id,
    number: z.string(),
    status: OrderStatus,
    items: z.array(
      z.strictObject({
        id: Id,
        variant_id: Id,
        product_id: Id,
        sku: z.string(),
        title: z.string(),
        quantity: z.int(),
        unit_price: Money,
        line_total: Money,
        discount: Money,
        tax: Money,
        adjustments: z.array(Adjustment),
      }),
    ),
    subtotal: Money,
    discount_total: Money,
    shipping_total: Money,
    tax_total: Money,
    total: Money,
    prices_include_tax: z.boolean(),
    is_paid: z.boolean(),
    payment: z.strictObject({
      provider: z.string(),
      status: z.string(),
      amount: Money,
      captured: Money,
      refunded: Money,
    }),
    refunds: z.array(OrderRefund),
    shipping_method: z.string(),
    shipping_address: Address,
    tracking: z
      .strictObject({ carrier: z.string(), number: z.string().nullable(), url: z.string().nullable() })
      .nullable()
      .meta({ description: 'from when it is shipped' }),
    cancelling: z.boolean().meta({ description: 'its cancellation was asked for and is not done' }),
    email: z.string(),
    placed_at: Instant,
    shipped_at: Instant.nullable(),
    delivered_at: Instant.nullable(),
    order_token: z.string().optional(),
  })
  .meta({ id: 'Order' });

const OrderPage = z.strictObject({
  data: z.array(
    z.strictObject({
      id: Id,
      number: z.string(),
      status: OrderStatus,
      total: Money,
      item_count: z.int(),
      placed_at: Instant,
    }),
  ),
  next_cursor: z.string().nullable(),
});

const Timeline = z.strictObject({
  data: z.array(
    z.strictObject({ id: z.int(), type: z.string(), data: z.record(z.string(), z.unknown()), at: Instant }),
  ),
});

const ById = z.strictObject({ id: Id });

export function createOrderRoutes({ query, cipher }: { readonly query: Query; readonly cipher: Cipher }): Endpoint[] {
  /** @throws DomainError `not_found` for other people's orders too */
  async function assertMayRead(ctx: Context, caller: Caller, orderId: string): Promise<void> {
    const owner = await query((em) => findOrderOwner(em, orderId));
    if (owner === null) throw notFound('order');
    assertOwns(cipher, ctx, caller, owner, 'order');
  }

  return [
    endpoint({
      method: 'get',
      path: '/orders',
      operationId: 'listOrders',
      summary: 'The customer’s orders, newest first',
      tag: 'orders',
      access: 'customer',
      query: z.strictObject(pageInput),
      responses: { 200: OrderPage },
      handle: async ({ caller, query: { limit, cursor } }) => {
        if (caller.kind !== 'user') throw notFound('order');
        const { data, nextCursor } = await query((em) => listOrders(em, caller.userId, { limit, cursor }));
        const orders = data.map((order) => ({
          id: order.id,
          number: order.number,
          status: order.status,
          total: order.total,
          item_count: order.itemCount,
          placed_at: order.placedAt,
        }));
        return { status: 200, body: { data: orders, next_cursor: nextCursor } };
      },
    }),
    endpoint({
      method: 'get',
      path: '/orders/:id',
      operationId: 'readOrder',
      summary: 'One order; guests send X-Order-Token',
      tag: 'orders',
      access: 'guest',
      orderToken: true,
      params: ById,
      responses: { 200: Order },
      handle: async ({ params: { id }, caller, ctx }) => {
        await assertMayRead(ctx, caller, id);
        const order = await query((em) => readOrder(em, cipher, id));
        return { status: 200, body: presentOrder(order), headers: { ETag: etag(order.version) } };
      },
    }),
    endpoint({
      method: 'get',
      path: '/orders/:id/timeline',
      operationId: 'readOrderTimeline',
      summary: 'What happened to the order, in order',
      tag: 'orders',
      access: 'guest',
      orderToken: true,
      params: ById,
      responses: { 200: Timeline },
      handle: async ({ params: { id }, caller, ctx }) => {
        await assertMayRead(ctx, caller, id);
        const events = await query((em) => readTimeline(em, id));
        return { status: 200, body: { data: events.map(presentEvent) } };
      },
    }),
  ];
}

/** What customers are told of an event; why staff did something is between staff. */
const TOLD = [
  'event',
  'channel',
  'resent',
  'refund_id',
  'amount',
  'currency',
  'from',
  'carrier',
  'tracking_number',
  'tracking_url',
];

const presentEvent = ({ id, type, data, at }: OrderEvent): z.input<typeof Timeline>['data'][number] => ({
  id,
  type,
  data: Object.fromEntries(Object.entries(data).filter(([name]) => TOLD.includes(name))),
  at,
});
