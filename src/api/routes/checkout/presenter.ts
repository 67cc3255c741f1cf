import type { z } from 'zod';
import { isDecided, statusOf, type Checkout } from '../../../domain/checkout/index.js';
import type { Cipher } from '../../../domain/kernel/cipher.js';
import type { Order, RefundSummary } from '../../../domain/orders/index.js';
import { eventsToken, orderToken } from './access.js';
import type { Checkout as CheckoutSchema } from './schemas.js';
import { toldFailure } from './told-failure.js';

export interface PresentCheckoutDeps {
  readonly cipher: Cipher;
  readonly now: () => Date;
}

export function presentCheckout(
  { cipher, now }: PresentCheckoutDeps,
  checkout: Checkout,
  clientSecret: string | null,
): z.output<typeof CheckoutSchema> {
  const url = `/api/v1/checkout/${checkout.id}`;
  return {
    checkout_id: checkout.id,
    status: checkout.stalled && !isDecided(checkout.state) ? 'needs_attention' : statusOf(checkout.state),
    order_id: checkout.state === 'placed' ? checkout.orderId : null,
    failure: checkout.failure === null ? null : toldFailure(checkout.failure),
    expires_at: checkout.expiresAt,
    steps: checkout.steps.map(({ id, step, at }) => ({ id, step, at })),
    ...(clientSecret === null ? {} : { client_secret: clientSecret }),
    events_token: eventsToken(cipher, checkout.id, now()),
    order_token: orderToken(cipher, checkout.id),
    url,
    events_url: `${url}/events`,
  };
}

export const presentOrder = (order: Order, orderTokenValue?: string) => ({
  id: order.id,
  number: order.number,
  status: order.status,
  items: order.lines.map((line) => ({
    id: line.id,
    variant_id: line.variantId,
    product_id: line.productId,
    sku: line.sku,
    title: line.title,
    quantity: line.quantity,
    unit_price: line.unitPrice,
    line_total: line.lineTotal,
    discount: line.discount,
    tax: line.tax,
    adjustments: line.adjustments.map((step) => ({
      kind: step.kind,
      label: step.label,
      rate: step.rate,
      amount: step.amount,
      unit_price: step.unitPrice,
    })),
  })),
  subtotal: order.subtotal,
  discount_total: order.discountTotal,
  shipping_total: order.shippingTotal,
  tax_total: order.taxTotal,
  total: order.total,
  prices_include_tax: order.pricesIncludeTax,
  is_paid: order.payment.status === 'captured' || order.payment.status === 'refunded',
  payment: {
    provider: order.payment.provider,
    status: order.payment.status,
    amount: order.payment.amount,
    captured: order.payment.captured,
    refunded: order.payment.refunded,
  },
  refunds: order.refunds.map(presentRefund),
  shipping_method: order.shippingMethod,
  shipping_address: { ...order.shippingAddress },
  tracking:
    order.tracking === null
      ? null
      : { carrier: order.tracking.carrier, number: order.tracking.number, url: order.tracking.url },
  cancelling: order.cancelling,
  email: order.contact.email,
  placed_at: order.placedAt,
  shipped_at: order.shippedAt,
  delivered_at: order.deliveredAt,
  ...(orderTokenValue === undefined ? {} : { order_token: orderTokenValue }),
});

export const presentRefund = (refund: RefundSummary) => ({
  id: refund.id,
  status: refund.status,
  reason: refund.reason,
  amount: refund.amount,
  goods: refund.goods,
  shipping: refund.shipping,
  tax: refund.tax,
  created_at: refund.createdAt,
  settled_at: refund.settledAt,
});
