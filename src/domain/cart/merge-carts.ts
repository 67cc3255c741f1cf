import type { EntityManager } from '@mikro-orm/postgresql';
import { releaseStock } from '../inventory/index.js';
import { newId } from '../kernel/ids.js';
import { loadPricedCart } from '../pricing/index.js';
import { hashCartToken } from './cart-token.js';
import { insertCart } from './store.js';

/**
 * Moves a guest's lines into the user's open cart; quantities of the same variant add up, to 9,999 at most. Carts that are
 * being checked out are left alone: the guest's token then names its cart as before. Answers the user's cart, or null
 * when nothing was merged.
 */
export async function mergeCarts(
  em: EntityManager,
  { userId, cartToken }: { readonly userId: string; readonly cartToken: string },
): Promise<string | null> {
  const tokenHash = hashCartToken(cartToken);
  const [guest] = await em.execute<{ currency: string }[]>(
    `select c.currency from carts c
      where c.token_hash = ? and c.user_id is null and c.status = 'open'
        and exists (select 1 from cart_lines l where l.cart_id = c.id)`,
    [tokenHash],
  );
  if (guest === undefined) return null;
  await insertCart(em, { id: newId(), userId, tokenHash: null, currency: guest.currency, checkoutId: newId() });

  const locked = await em.execute<{ id: string; checkout_id: string; user_id: string | null }[]>(
    `select id, checkout_id, user_id from carts
      where status = 'open' and ((token_hash = ? and user_id is null) or user_id = ?) order by id for update`,
    [tokenHash, userId],
  );
  const from = locked.find((cart) => cart.user_id === null);
  const into = locked.find((cart) => cart.user_id !== null);
  if (from === undefined || into === undefined) return null;
  const open = await em.execute<{ id: string }[]>('select id from checkouts where id in (?, ?) and closed_at is null', [
    from.checkout_id,
    into.checkout_id,
  ]);
  if (open.length > 0) return null;

  const touched = await moveLines(em, from.id, into.id);
  await moveHold(em, { from: from.id, into: into.id, userId });
  await em.execute(
    `update carts set version = version + 1, updated_at = now(), status = case when id = ? then 'merged' else status end
      where id in (?, ?)`,
    [from.id, from.id, into.id],
    'run',
  );
  await keepPrices(em, into.id, touched);
  return into.id;
}

/** A cart has one hold: the guest's goes along, or is given back where the user's cart has one of its own. */
async function moveHold(
  em: EntityManager,
  { from, into, userId }: { readonly from: string; readonly into: string; readonly userId: string },
): Promise<void> {
  const [ended] = await em.execute<{ id: string }[]>(
    `with own as (
       select 1 from cart_holds where cart_id = ? and state = 'live'
     ), moved as (
       update cart_holds set cart_id = ?, user_id = ? where cart_id = ? and state = 'live' and not exists (select from own)
     )
     update cart_holds set state = 'released', closed_at = now()
     where cart_id = ? and state = 'live' and exists (select from own) returning id`,
    [into, into, userId, from, from],
  );
  if (ended !== undefined) await releaseStock(em, { holdId: ended.id }, 'released');
}

/** Answers the ids of the lines whose quantity or owner changed. */
async function moveLines(em: EntityManager, from: string, into: string): Promise<ReadonlySet<string>> {
  const rows = await em.execute<{ id: string }[]>(
    `with added as (
       update cart_lines u set quantity = least(9999, u.quantity + g.quantity)
         from cart_lines g where u.cart_id = ? and g.cart_id = ? and g.variant_id = u.variant_id
       returning u.id, g.id as guest_line
     ), gone as (
       delete from cart_lines where id in (select guest_line from added)
     ), moved as (
       update cart_lines set cart_id = ? where cart_id = ? and id not in (select guest_line from added)
       returning id
     )
     select id from added union all select id from moved`,
    [into, from, into, from],
  );
  return new Set(rows.map((row) => row.id));
}

/** Another quantity or tier has another price; that is no change the customer must be warned of. */
async function keepPrices(em: EntityManager, cartId: string, lineIds: ReadonlySet<string>): Promise<void> {
  const { lines } = await loadPricedCart(em, cartId);
  const prices = lines
    .filter((line) => line.sold && lineIds.has(line.id))
    .map((line) => ({ id: line.id, price: line.price.unit.amount }));
  await em.execute(
    `update cart_lines l set unit_price_amount = p.price
       from jsonb_to_recordset(?::jsonb) as p(id uuid, price bigint) where l.id = p.id`,
    [JSON.stringify(prices)],
    'run',
  );
}
