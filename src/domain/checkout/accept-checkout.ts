import type { EntityManager } from '@mikro-orm/postgresql';
import { sealJson, type Cipher } from '../kernel/cipher.js';
import { checkoutInProgress } from '../cart/index.js';
import { DomainError } from '../kernel/errors.js';
import { newId } from '../kernel/ids.js';
import type { Money } from '../kernel/money.js';
import type { IdempotencyOutcome } from '../idempotency/index.js';
import { orderContext, type Address, type Contact } from '../orders/index.js';

/** Unpaid checkouts without a login from one network address. A customer has one open cart and so one checkout. */
const MOST_OPEN_OF_ADDRESS = 20;

export interface CheckoutRequest {
  readonly cartId: string;
  readonly bodyHash: string;
  readonly contact: Contact;
  readonly shippingAddress: Address;
  readonly billingAddress: Address | null;
  readonly shippingMethod: string;
  readonly provider: string;
  readonly paymentMethod: string | null;
  /** Null where the client named none. */
  readonly expectedTotal: Money | null;
  /** Blind index of the network address of a caller who is not logged in: those are counted. Null: not counted. */
  readonly addressIndex: string | null;
  /** Binds the request's Idempotency-Key, if any, to the checkout. */
  readonly claim: (em: EntityManager, checkoutId: string) => Promise<IdempotencyOutcome>;
}

export interface Accepted {
  readonly checkoutId: string;
  readonly orderId: string;
  readonly userId: string | null;
  /** `accepted`: a new row. `joined`: the same request is under way or ended. `ordered`: the cart has its order. */
  readonly kind: 'accepted' | 'joined' | 'ordered';
}

/**
 * Writes an inert checkout row under the cart's current checkout id; takes no stock and starts nothing.
 * The cart's lock makes it one, from however many tabs.
 * @throws DomainError `not_found`; `checkout_in_progress` when another request is under way for the cart;
 *   `price_changed` when the total is expected in another currency; `hold_limit` with too many open from one address
 */
export async function acceptCheckout(em: EntityManager, cipher: Cipher, request: CheckoutRequest): Promise<Accepted> {
  const cart = await lockCart(em, request.cartId);
  const { resourceId: checkoutId, replayed } = await request.claim(em, cart.checkoutId);
  if (replayed) return { ...(await idsOf(em, checkoutId)), kind: 'joined' };
  if (cart.status === 'ordered') return { ...(await idsOf(em, checkoutId)), kind: 'ordered' };
  if (cart.bodyHash !== null) {
    if (cart.bodyHash !== request.bodyHash) throw checkoutInProgress(checkoutId);
    return { ...(await idsOf(em, checkoutId)), kind: 'joined' };
  }
  if (request.expectedTotal !== null && request.expectedTotal.currency !== cart.currency)
    throw new DomainError('price_changed', 'the cart has another currency', { currency: cart.currency });
  if (request.addressIndex !== null) await lockAddress(em, request.addressIndex);
  const orderId = newId();
  const written = await em.execute<unknown[]>(
    `insert into checkouts (id, cart_id, order_id, user_id, body_hash, contact, shipping_address, billing_address,
       address_index, country, shipping_method, payment_provider, payment_method, expected_total_amount, currency)
     select ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?
     where ?::text is null or (select count(*) from checkouts where address_index = ? and closed_at is null) < ?
     returning id`,
    [
      checkoutId,
      request.cartId,
      orderId,
      cart.userId,
      request.bodyHash,
      sealJson(cipher, request.contact, orderContext('contact', orderId)),
      sealJson(cipher, request.shippingAddress, orderContext('shipping_address', orderId)),
      request.billingAddress === null
        ? null
        : sealJson(cipher, request.billingAddress, orderContext('billing_address', orderId)),
      request.addressIndex,
      request.shippingAddress.country,
      request.shippingMethod,
      request.provider,
      request.paymentMethod,
      request.expectedTotal?.amount ?? null,
      cart.currency,
      request.addressIndex,
      request.addressIndex,
      MOST_OPEN_OF_ADDRESS,
    ],
  );
  if (written.length === 0)
    throw new DomainError('hold_limit', 'too many checkouts are open from this address; please try again later');
  return { checkoutId, orderId, userId: cart.userId, kind: 'accepted' };
}

/** The insert counts under this lock, so that many at once do not all slip through. */
async function lockAddress(em: EntityManager, addressIndex: string): Promise<void> {
  await em.execute('select pg_advisory_xact_lock(hashtextextended(?, 0))', [`checkouts:${addressIndex}`]);
}

interface LockedCart {
  readonly checkoutId: string;
  readonly status: 'open' | 'ordered' | 'merged';
  readonly userId: string | null;
  readonly currency: string;
  /** Of the checkout under way; null where there is none. */
  readonly bodyHash: string | null;
}

async function lockCart(em: EntityManager, cartId: string): Promise<LockedCart> {
  const [row] = await em.execute<
    { checkout_id: string; status: LockedCart['status']; user_id: string | null; currency: string }[]
  >('select checkout_id, status, user_id, currency from carts where id = ? for update', [cartId]);
  if (row === undefined || row.status === 'merged') throw new DomainError('not_found', 'cart not found');
  // After the lock, in a statement of its own: what the lock waited for is seen.
  const [open] = await em.execute<{ body_hash: string }[]>('select body_hash from checkouts where id = ?', [
    row.checkout_id,
  ]);
  return {
    checkoutId: row.checkout_id,
    status: row.status,
    userId: row.user_id,
    currency: row.currency,
    bodyHash: open?.body_hash ?? null,
  };
}

async function idsOf(
  em: EntityManager,
  checkoutId: string,
): Promise<{ checkoutId: string; orderId: string; userId: string | null }> {
  const [row] = await em.execute<{ order_id: string; user_id: string | null }[]>(
    'select order_id, user_id from checkouts where id = ?',
    [checkoutId],
  );
  if (row === undefined) throw new DomainError('not_found', 'checkout not found');
  return { checkoutId, orderId: row.order_id, userId: row.user_id };
}
