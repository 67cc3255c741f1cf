import type { EntityManager } from '@mikro-orm/postgresql';
import { openJson, type Cipher, type Sealed } from '../kernel/cipher.js';
import { notFound } from '../kernel/errors.js';
import type { Money } from '../kernel/money.js';
import { decodeIdCursor, page, type Page } from '../kernel/page.js';
import type { Adjustment } from '../pricing/types.js';
import type { Address, Contact, Order, OrderEvent, OrderStatus, OrderSummary } from './types.js';

/** What personal columns of an order are sealed for. */
export const orderContext = (column: 'contact' | 'shipping_address' | 'billing_address', orderId: string): string =>
  `orders.${column}:${orderId}`;

/**
 * One order with lines and payment, in one statement.
 * @throws DomainError `not_found`
 */
export async function readOrder(em: EntityManager, cipher: Cipher, orderId: string): Promise<Order> {
  const [row] = await em.execute<OrderRow[]>(
    `select o.*, p.provider, p.status as payment_status, p.amount as payment_amount, p.captured_amount, p.refunded_amount,
       (select jsonb_agg(to_jsonb(l) order by l.position) from order_lines l where l.order_id = o.id) as lines
     from orders o join payments p on p.order_id = o.id where o.id = ?`,
    [orderId],
  );
  if (row === undefined) throw notFound('order');
  return toOrder(row, cipher);
}

/** A customer's orders, newest first. */
export async function listOrders(
  em: EntityManager,
  userId: string,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<Page<OrderSummary>> {
  const after = cursor === undefined ? null : decodeIdCursor(cursor);
  const rows = await em.execute<SummaryRow[]>(
    `select o.id, o.number, o.status, o.total_amount, o.currency, o.placed_at,
       (select sum(quantity) from order_lines l where l.order_id = o.id) as item_count
     from orders o
     where o.user_id = ? and (?::uuid is null or o.id < ?::uuid)
     order by o.id desc limit ?`,
    [userId, after, after, limit + 1],
  );
  return page(
    rows,
    limit,
    (row) => ({
      id: row.id,
      number: row.number,
      status: row.status,
      total: { amount: row.total_amount, currency: row.currency },
      itemCount: row.item_count,
      placedAt: row.placed_at,
    }),
    (row) => [row.id],
  );
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

interface SummaryRow {
  readonly id: string;
  readonly number: string;
  readonly status: OrderStatus;
  readonly total_amount: number;
  readonly currency: string;
  readonly placed_at: string;
  readonly item_count: number;
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
  readonly lines: readonly LineRow[];
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
    placedAt: row.placed_at,
  };
}
