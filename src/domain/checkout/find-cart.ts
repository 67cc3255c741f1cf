import type { EntityManager } from '@mikro-orm/postgresql';
import { keyScope } from '../idempotency/index.js';

export interface CheckoutCart {
  readonly id: string;
  /** Null: a guest's. */
  readonly userId: string | null;
  readonly status: 'open' | 'ordered';
  readonly checkoutId: string;
  /** A checkout row stands under the cart's current checkout id. */
  readonly underWay: boolean;
  /** The Idempotency-Key asked about names an earlier request. */
  readonly keyUsed: boolean;
}

export interface SentKey {
  readonly caller: string;
  readonly key: string;
}

/** Who asks: a customer, who may still hold the token of the guest cart they began with, or a guest. */
export interface CartOwner {
  readonly userId: string | null;
  readonly tokenHash: string | null;
}

/**
 * The cart a checkout is about, as `GET /cart` finds it: the open one, a customer's own before a guest's; else the one
 * ordered last, so that a repeat finds its order.
 */
export async function findCheckoutCart(
  em: EntityManager,
  { userId, tokenHash }: CartOwner,
  sent: SentKey | null = null,
): Promise<CheckoutCart | null> {
  const [cart] = await em.execute<CheckoutCart[]>(
    `select c.id, c.user_id as "userId", c.status, c.checkout_id as "checkoutId",
       exists (select from checkouts k where k.id = c.checkout_id) as "underWay",
       exists (select from idempotency_keys i where i.caller = ? and i.key = ? and i.expires_at > now()) as "keyUsed"
     from carts c
     where (c.user_id = ?::uuid and c.status in ('open', 'ordered'))
       or (c.token_hash = ? and c.user_id is null and (c.status = 'open' or c.status = 'ordered' and ?::uuid is null))
     order by c.status = 'open' desc, c.user_id is null, c.updated_at desc limit 1`,
    [sent === null ? null : keyScope(sent.caller), sent?.key ?? null, userId, tokenHash, userId],
  );
  return cart ?? null;
}
