import type { EntityManager } from '@mikro-orm/postgresql';
import { DomainError, notFound } from '../kernel/errors.js';
import { reserveStock } from '../inventory/index.js';
import { assertPayable, type PaymentGateway } from '../payments/index.js';
import { loadQuote } from '../pricing/index.js';
import { assertAgreedPrice } from './agreed-price.js';
import type { CheckoutState } from './types.js';

export interface Reserved {
  readonly orderId: string;
  /** Until the reservation ends, by database time at this call. Milliseconds. */
  readonly expiresInMs: number;
}

export interface ReserveDeps {
  readonly reservationMs: number;
  readonly pricesIncludeTax: boolean;
  readonly gateways: ReadonlyMap<string, Pick<PaymentGateway, 'limits'>>;
}

/**
 * Step 1: prices the cart again, takes stock for all of it or none, and freezes the quote. Running again
 * answers what the first run did.
 * @throws DomainError `out_of_stock`, `price_changed`, `cart_problem`, `shipping_unavailable`, `payment_unavailable`;
 *   `invalid_transition` when the checkout was closed before
 */
export async function reserveCheckout(
  em: EntityManager,
  { reservationMs, pricesIncludeTax, gateways }: ReserveDeps,
  checkoutId: string,
): Promise<Reserved> {
  const [row] = await em.execute<LockedRow[]>(
    `select k.status, k.closing, k.cart_id, k.order_id, k.country, k.shipping_method, k.payment_provider, k.expected_total_amount, k.currency,
       (extract(epoch from k.expires_at - now()) * 1000)::bigint as expires_in_ms,
       exists (select from cart_holds h where h.cart_id = k.cart_id and h.state = 'live') as held
     from checkouts k where k.id = ? for update`,
    [checkoutId],
  );
  if (row === undefined) throw notFound('checkout');
  if (row.closing || (row.status !== 'accepted' && row.expires_in_ms === null))
    throw new DomainError('invalid_transition', 'the checkout is closed', { checkoutId });
  if (row.status !== 'accepted') return { orderId: row.order_id, expiresInMs: Math.max(0, row.expires_in_ms ?? 0) };

  const quote = await loadQuote(em, {
    cartId: row.cart_id,
    country: row.country,
    shippingMethod: row.shipping_method,
    pricesIncludeTax,
  });
  const expected = row.expected_total_amount;
  assertAgreedPrice(quote, expected === null ? null : { amount: expected, currency: row.currency });
  assertPayable(gateways.get(row.payment_provider)?.limits, row.country, quote.total);
  const { expiresAt } = await reserveStock(
    em,
    { checkoutId },
    quote.lines,
    reservationMs,
    // Since the checkout stands its cart gets no hold: one that is not seen here does not come later.
    row.held ? await takeHold(em, row.cart_id) : null,
  );
  await em.execute(
    `with reserved as (
       update checkouts set status = 'authorising', quote = ?::jsonb, total_amount = ?, currency = ?, expires_at = ?,
         updated_at = now()
       where id = ?
     )
     insert into checkout_steps (checkout_id, step, status) values (?, 'stock_reserved', 'authorising')`,
    [JSON.stringify(quote), quote.total.amount, quote.currency, expiresAt, checkoutId, checkoutId],
    'run',
  );
  return { orderId: row.order_id, expiresInMs: reservationMs };
}

/** Ends the cart's hold, if one is live, in favour of the checkout; its rows follow in `reserveStock`. */
async function takeHold(em: EntityManager, cartId: string): Promise<string | null> {
  const [hold] = await em.execute<{ id: string }[]>(
    `update cart_holds set state = 'handed_over', closed_at = now() where cart_id = ? and state = 'live' returning id`,
    [cartId],
  );
  return hold?.id ?? null;
}

interface LockedRow {
  readonly status: CheckoutState;
  readonly closing: boolean;
  readonly cart_id: string;
  readonly order_id: string;
  readonly country: string;
  readonly shipping_method: string;
  readonly payment_provider: string;
  readonly expected_total_amount: number | null;
  readonly currency: string;
  readonly expires_in_ms: number | null;
  readonly held: boolean;
}
