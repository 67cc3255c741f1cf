import type { Query } from '../../src/domain/kernel/transact.js';

/** Carts that were held a minute ago for a moment, with no flow; each of so many pieces, of these variants in turn. */
export async function overdueHolds(query: Query, variantIds: readonly string[], count: number): Promise<void> {
  await query(async (em) => {
    await em.execute(
      `with wanted as materialized (
         select uuidv7() as cart_id, uuidv7() as hold_id, i,
           now() - interval '1 minute' + i * interval '1 microsecond' as expires_at,
           (?::jsonb ->> (i % ?))::uuid as variant_id
         from generate_series(0, ? - 1) as i
       ), cart as (
         insert into carts (id, token_hash, currency, checkout_id)
         select cart_id, cart_id::text, 'USD', uuidv7() from wanted
       ), hold as (
         insert into cart_holds (id, cart_id, expires_at) select hold_id, cart_id, expires_at from wanted
       ), row as (
         insert into reservations (id, variant_id, quantity, hold_id, expires_at)
         select uuidv7(), variant_id, 1, hold_id, expires_at from wanted
       )
       update stock_levels s set reserved = s.reserved + n.quantity, on_hand = greatest(s.on_hand, s.reserved + n.quantity)
       from (select variant_id, count(*) as quantity from wanted group by variant_id) n
       where n.variant_id = s.variant_id`,
      [JSON.stringify(variantIds), variantIds.length, count],
      'run',
    );
  });
}
