import type { EntityManager } from '@mikro-orm/postgresql';

/** Gives open carts that nobody checks out another id for their checkout; answers how many. */
export async function renewCheckoutIds(em: EntityManager): Promise<number> {
  const [renewed] = await em.execute<{ count: number }[]>(
    `with renewed as (
       update carts c set checkout_id = uuidv7()
       where c.status = 'open' and not exists (select from checkouts k where k.id = c.checkout_id) returning 1
     )
     select count(*)::integer as count from renewed`,
  );
  return renewed?.count ?? 0;
}
