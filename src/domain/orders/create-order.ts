import type { EntityManager } from '@mikro-orm/postgresql';
import { newId } from '../kernel/ids.js';
import type { Quote } from '../pricing/types.js';
import { newOrderNumber } from './number.js';

/**
 * Writes order, lines and the first event from a frozen quote, in one statement. Contact and addresses are
 * copied sealed from the checkout, which sealed them for this order's id.
 */
export async function createOrder(em: EntityManager, checkoutId: string, orderId: string, quote: Quote): Promise<void> {
  const lines = quote.lines.map((line, index) => ({
    id: newId(),
    position: index + 1,
    variant_id: line.variantId,
    product_id: line.productId,
    vendor_id: line.vendorId,
    sku: line.sku,
    title: line.title,
    quantity: line.quantity,
    unit_price_amount: line.unitPrice.amount,
    line_total_amount: line.lineTotal.amount,
    discount_amount: line.discount.amount,
    tax_amount: line.tax.amount,
    tax_rate_bp: line.taxRate,
    shipping_amount: line.shipping.amount,
    shipping_tax_amount: line.shippingTax.amount,
    adjustments: line.adjustments,
  }));
  await em.execute(
    `with placed as (
       insert into orders (id, number, checkout_id, cart_id, user_id, currency, subtotal_amount, discount_amount,
         shipping_amount, tax_amount, total_amount, prices_include_tax, country, contact, shipping_address,
         billing_address, shipping_method)
       select k.order_id, ?, k.id, k.cart_id, k.user_id, k.currency, ?, ?, ?, ?, ?, ?, k.country, k.contact,
         k.shipping_address, k.billing_address, k.shipping_method
       from checkouts k where k.id = ?
     ), lines as (
       insert into order_lines (id, order_id, position, variant_id, product_id, vendor_id, sku, title, quantity,
         unit_price_amount, line_total_amount, discount_amount, tax_amount, tax_rate_bp, shipping_amount,
         shipping_tax_amount, currency, adjustments)
       select l.id, ?, l.position, l.variant_id, l.product_id, l.vendor_id, l.sku, l.title, l.quantity,
         l.unit_price_amount, l.line_total_amount, l.discount_amount, l.tax_amount, l.tax_rate_bp, l.shipping_amount,
         l.shipping_tax_amount, ?, l.adjustments
       from jsonb_to_recordset(?::jsonb) as l (id uuid, position integer, variant_id uuid, product_id uuid,
         vendor_id uuid, sku text, title text, quantity integer, unit_price_amount bigint, line_total_amount bigint,
         discount_amount bigint, tax_amount bigint, tax_rate_bp integer, shipping_amount bigint,
         shipping_tax_amount bigint, adjustments jsonb)
     )
     insert into order_events (order_id, type) values (?, 'placed')`,
    [
      newOrderNumber(),
      quote.subtotal.amount,
      quote.discountTotal.amount,
      quote.shippingTotal.amount,
      quote.taxTotal.amount,
      quote.total.amount,
      quote.pricesIncludeTax,
      checkoutId,
      orderId,
      quote.currency,
      JSON.stringify(lines),
      orderId,
    ],
    'run',
  );
}
