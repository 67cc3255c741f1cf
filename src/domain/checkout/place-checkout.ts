import type { EntityManager } from '@mikro-orm/postgresql';
import { DomainError, notFound } from '../kernel/errors.js';
import { newId } from '../kernel/ids.js';
import { byVariant, reserveStock, sellReserved, type StockLine } from '../inventory/index.js';
import { createOrder } from '../orders/index.js';
import type { AuthoriseOutcome } from '../payments/index.js';
import type { Quote } from '../pricing/index.js';
import { CLAIMS, claimsOf, type ClaimsRow } from './claimed-intent.js';
import type { CheckoutState } from './types.js';

export type SecuredPayment = Extract<AuthoriseOutcome, { kind: 'authorised' | 'captured' | 'due' }>;

/** Long enough for this transaction only. Milliseconds. */
const FOR_NOW = 60_000;

/**
 * Step 4: order, payment, stock and cart in one transaction. Running again finds the order placed.
 * @throws DomainError `out_of_stock` when the reservation was ended by hand and stock is gone;
 *   `payment_failed` when its payment is another's; `invalid_transition` when the checkout was closed before
 */
export async function placeCheckout(
  em: EntityManager,
  checkoutId: string,
  payment: SecuredPayment,
): Promise<{ readonly orderId: string }> {
  // Whose the intent is, is read beside the lock and not after it: others write that without this lock, so what came while it
  // was waited for could as well come a moment later. No two orders get one intent: `payments` refuses the second.
  const [row] = await em.execute<LockedRow[]>(
    `select k.status, k.closing, k.cart_id, k.order_id, k.payment_provider, k.quote, ${CLAIMS}
     from checkouts k, (values (?::text)) i (id) where k.id = ? for update of k`,
    [payment.intentId, checkoutId],
  );
  if (row === undefined) throw notFound('checkout');
  if (row.status === 'placed') return { orderId: row.order_id };
  if (row.closing || row.quote === null || !OPEN.has(row.status))
    throw new DomainError('invalid_transition', 'the checkout is closed', { checkoutId });

  // An intent pays one order, and only that of the checkout it was made for.
  if (claimsOf(row).made) throw new DomainError('payment_failed', 'the payment is of another order', { checkoutId });
  await sell(em, checkoutId, row.order_id, row.quote.lines);
  await createOrder(em, checkoutId, row.order_id, row.quote);
  await em.execute(
    `with paid as (
       insert into payments (id, checkout_id, order_id, provider, intent_id, status, amount, currency, authorised_until)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?)
     ), ordered as (
       update carts set status = 'ordered', order_id = ?, version = version + 1, updated_at = now() where id = ?
     ), closed as (
       update checkouts set status = 'placed', closed_at = now(), updated_at = now() where id = ?
     )
     insert into checkout_steps (checkout_id, step, status) values (?, 'order_placed', 'placed')`,
    [
      newId(),
      checkoutId,
      row.order_id,
      row.payment_provider,
      payment.intentId,
      payment.kind === 'due' ? 'due' : 'authorised',
      row.quote.total.amount,
      row.quote.currency,
      payment.kind === 'authorised' ? payment.expiresAt : null,
      row.order_id,
      row.cart_id,
      checkoutId,
      checkoutId,
    ],
    'run',
  );
  return { orderId: row.order_id };
}

const OPEN: ReadonlySet<CheckoutState> = new Set(['authorising', 'requires_action', 'placing']);

/** Deducts the reserved stock; reserves once more what an operator or the sweep gave back. */
async function sell(
  em: EntityManager,
  checkoutId: string,
  orderId: string,
  lines: readonly StockLine[],
): Promise<void> {
  const sold = await sellReserved(em, checkoutId, orderId);
  const wanted = byVariant(lines);
  if (sold.length === wanted.length) return;
  const done = new Set(sold.map((line) => line.variantId));
  const missing = wanted.filter((line) => !done.has(line.variantId));
  await reserveStock(em, { checkoutId }, missing, FOR_NOW);
  await sellReserved(em, checkoutId, orderId);
}

interface LockedRow extends ClaimsRow {
  readonly status: CheckoutState;
  readonly closing: boolean;
  readonly cart_id: string;
  readonly order_id: string;
  readonly payment_provider: string;
  readonly quote: Quote | null;
}
