import type { EntityManager } from '@mikro-orm/postgresql';
import { openJson, type Cipher, type Sealed } from '../kernel/cipher.js';
import { notFound } from '../kernel/errors.js';
import type { Money } from '../kernel/money.js';
import { prepared } from '../kernel/prepared.js';
import type { Adjustment } from '../pricing/types.js';
import type { Address, Contact, Order, OrderEvent, OrderStatus, RefundStatus, RefundSummary } from './types.js';

/** What personal columns of an order are sealed for. */
export const orderContext = (column: 'contact' | 'shipping_address' | 'billing_address', orderId: string): string =>
  `orders.${column}:${orderId}`;

/** A time inside JSON, in the form that clients see. */
const utc = (column: string): string =>
  `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as ${column}`;

const REFUND_COLUMNS = `id, status, reason, amount, goods_amount, shipping_amount, tax_amount,
  ${utc('created_at')}, ${utc('settled_at')}`;

/**
 * One order with lines, payment and refunds, in one statement.
 * @throws DomainError `not_found`
 */
export async function readOrder(em: EntityManager, cipher: Cipher, orderId: string): Promise<Order> {
  const [row] = await em.execute<OrderRow[]>(
    prepared(`select o.*, p.provider, p.status as payment_status, p.amount as payment_amount, p.captured_amount, p.refunded_amount,
       (select jsonb_agg(to_jsonb(l) order by l.position) from order_lines l where l.order_id = o.id) as lines,
       (select jsonb_agg(to_jsonb(r) order by r.id) from (
          select ${REFUND_COLUMNS} from refunds where order_id = o.id
        ) r) as refunds,
       exists (select from order_cancellations c where c.order_id = o.id and c.ended_at is null) as cancelling
     from orders o join payments p on p.order_id = o.id where o.id = ?`),
    [orderId],
  );
  if (row === undefined) throw notFound('order');
  return toOrder(row, cipher);
}

/** One refund of an order, as the order shows it. @throws DomainError `not_found` */
export async function readRefundOf(em: EntityManager, orderId: string, refundId: string): Promise<RefundSummary> {
  const [row] = await em.execute<(RefundRow & { readonly currency: string })[]>(
    `select ${REFUND_COLUMNS}, currency from refunds where order_id = ? and id = ?`,
    [orderId, refundId],
  );
  if (row === undefined) throw notFound('refund');
  return toRefund(row, row.currency);
}

/** @throws DomainError `not_found` */
export async function readCurrency(em: EntityManager, orderId: string): Promise<string> {
  const [order] = await em.execute<{ currency: string }[]>('select currency from orders where id = ?', [orderId]);
  if (order === undefined) throw notFound('order');
  return order.currency;
}

export async function readTimeline(em: EntityManager, orderId: string): Promise<OrderEvent[]> {
  return em.execute<OrderEvent[]>('select id, type, data, at from order_events where order_id = ? order by id', [
    orderId,
  ]);
}

/** Whose an order is: for the object check alone. */
export async function findOrderOwner(em: EntityManager, orderId: string): Promise<OrderOwner | null> {
  const [owner] = await em.execute<OrderOwner[]>(
    `select o.user_id as "userId", o.checkout_id as "checkoutId", c.token_hash as "cartTokenHash"
     from orders o join carts c on c.id = o.cart_id where o.id = ?`,
    [orderId],
  );
  return owner ?? null;
}

export interface OrderOwner {
  readonly userId: string | null;
  readonly checkoutId: string;
  readonly cartTokenHash: string | null;
}

interface OrderRow {
  readonly id: string;
  readonly number: string;
  readonly checkout_id: string;
  readonly user_id: string | null;
  readonly status: OrderStatus;
  readonly version: number;
  readonly currency: string;
  readonly subtotal_amount: number;
  readonly discount_amount: number;
  readonly shipping_amount: number;
  readonly tax_amount: number;
  readonly total_amount: number;
  readonly prices_include_tax: boolean;
  readonly shipping_method: string;
  readonly shipping_address: Sealed;
  readonly contact: Sealed;
  readonly placed_at: string;
  readonly provider: string;
  readonly payment_status: string;
  readonly payment_amount: number;
  readonly captured_amount: number;
  readonly refunded_amount: number;
  readonly carrier: string | null;
  readonly tracking_number: string | null;
  readonly tracking_url: string | null;
  readonly shipped_at: string | null;
  readonly delivered_at: string | null;
  readonly lines: readonly LineRow[];
  readonly refunds: readonly RefundRow[] | null;
  readonly cancelling: boolean;
}

interface RefundRow {
  readonly id: string;
  readonly status: RefundStatus;
  readonly reason: string;
  readonly amount: number;
  readonly goods_amount: number;
  readonly shipping_amount: number;
  readonly tax_amount: number;
  readonly created_at: string;
  readonly settled_at: string | null;
}

interface LineRow {
  readonly id: string;
  readonly variant_id: string;
  readonly product_id: string;
  readonly sku: string;
  readonly title: string;
  readonly quantity: number;
  readonly unit_price_amount: number;
  readonly line_total_amount: number;
  readonly discount_amount: number;
  readonly tax_amount: number;
  readonly adjustments: readonly Adjustment[];
}

function toOrder(row: OrderRow, cipher: Cipher): Order {
  const money = (amount: number): Money => ({ amount, currency: row.currency });
  return {
    id: row.id,
    number: row.number,
    checkoutId: row.checkout_id,
    userId: row.user_id,
    status: row.status,
    version: row.version,
    lines: row.lines.map((line) => ({
      id: line.id,
      variantId: line.variant_id,
      productId: line.product_id,
      sku: line.sku,
      title: line.title,
      quantity: line.quantity,
      unitPrice: money(line.unit_price_amount),
      lineTotal: money(line.line_total_amount),
      discount: money(line.discount_amount),
      tax: money(line.tax_amount),
      adjustments: line.adjustments,
    })),
    subtotal: money(row.subtotal_amount),
    discountTotal: money(row.discount_amount),
    shippingTotal: money(row.shipping_amount),
    taxTotal: money(row.tax_amount),
    total: money(row.total_amount),
    pricesIncludeTax: row.prices_include_tax,
    shippingMethod: row.shipping_method,
    shippingAddress: openJson<Address>(cipher, row.shipping_address, orderContext('shipping_address', row.id)),
    contact: openJson<Contact>(cipher, row.contact, orderContext('contact', row.id)),
    payment: {
      provider: row.provider,
      status: row.payment_status,
      amount: money(row.payment_amount),
      captured: money(row.captured_amount),
      refunded: money(row.refunded_amount),
    },
    refunds: (row.refunds ?? []).map((refund) => toRefund(refund, row.currency)),
    tracking:
      row.carrier === null ? null : { carrier: row.carrier, number: row.tracking_number, url: row.tracking_url },
    cancelling: row.cancelling,
    placedAt: row.placed_at,
    shippedAt: row.shipped_at,
    deliveredAt: row.delivered_at,
  };
}

function toRefund(row: RefundRow, currency: string): RefundSummary {
  const money = (amount: number): Money => ({ amount, currency });
  return {
    id: row.id,
    status: row.status,
    reason: row.reason,
    amount: money(row.amount),
    goods: money(row.goods_amount),
    shipping: money(row.shipping_amount),
    tax: money(row.tax_amount),
    createdAt: row.created_at,
    settledAt: row.settled_at,
  };
}
