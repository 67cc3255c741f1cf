import type { EntityManager } from '@mikro-orm/postgresql';

export interface CheckoutCart {
  readonly id: string;
  readonly status: 'open' | 'ordered';
  readonly checkoutId: string;
  /** A checkout row stands under the cart's current checkout id. */
  readonly underWay: boolean;
}

/** The cart a checkout is about: the open one, else the one ordered last, so that a repeat finds its order. */
export async function findCheckoutCart(
  em: EntityManager,
  owner: { readonly userId: string } | { readonly tokenHash: string },
): Promise<CheckoutCart | null> {
  const [column, value] = 'userId' in owner ? (['user_id', owner.userId] as const) : (['token_hash', owner.tokenHash] as const);
  const [cart] = await em.execute<CheckoutCart[]>(
    `select c.id, c.status, c.checkout_id as "checkoutId",
       exists (select from checkouts k where k.id = c.checkout_id) as "underWay"
     from carts c where c.${column} = ? and c.status in ('open', 'ordered')
     order by c.status = 'open' desc, c.updated_at desc limit 1`,
    [value],
  );
  return cart ?? null;
}
