import type { EntityManager } from '@mikro-orm/postgresql';
import { prepared } from '../kernel/prepared.js';
import { PRICING_STAMP } from '../pricing/index.js';
import type { Caller } from '../users/types.js';
import { hashCartToken } from './cart-token.js';
import { CartEntity, CartLineEntity } from './entities.js';
import type { CartRow } from './types.js';

interface Sql {
  readonly text: string;
  readonly params: readonly unknown[];
}

/**
 * The id of a caller's cart. A guest's is the one that the token names; a user's is their open one, else an open guest
 * cart whose token they still hold, else the one they ordered last.
 */
function addressOf(caller: Caller): Sql {
  const hash = caller.cartToken === null ? null : hashCartToken(caller.cartToken);
  const byToken = "select id, 2 as rank from carts where token_hash = ? and user_id is null and status <> 'merged'";
  if (caller.kind === 'guest') return { text: `select id from (${byToken}) mine`, params: [hash] };
  return {
    text: `select id from (
        select id, 1 as rank from carts where user_id = ? and status = 'open'
        union all ${byToken} and status = 'open'
        union all (select id, 3 from carts where user_id = ? and status = 'ordered' order by updated_at desc limit 1)
      ) mine order by rank limit 1`,
    params: [caller.userId, hash, caller.userId],
  };
}

const COLUMNS = `c.id, c.user_id as "userId", c.status, c.currency, c.version, c.checkout_id as "checkoutId",
  c.order_id as "orderId"`;

/** The caller's cart, as `GET /cart` finds it. */
export async function findCart(em: EntityManager, caller: Caller): Promise<CartRow | null> {
  const address = addressOf(caller);
  const [row] = await em.execute<CartRow[]>(`select ${COLUMNS} from carts c where c.id = (${address.text})`, [
    ...address.params,
  ]);
  return row ?? null;
}

/** The same, locked until the transaction ends. What the lock waited for may have ordered or merged it. */
export async function lockCart(em: EntityManager, caller: Caller): Promise<CartRow | null> {
  const address = addressOf(caller);
  const [row] = await em.execute<CartRow[]>(
    `select ${COLUMNS} from carts c where c.id = (${address.text}) for update`,
    [...address.params],
  );
  return row ?? null;
}

/** What a cart shows beside its lines. */
export interface CartState extends CartRow {
  readonly checkoutOpen: boolean;
  readonly heldUntil: string | null;
}

export interface CartHead extends CartState {
  /** Changes whenever what the cart shows would. */
  readonly stamp: string;
}

const STATE = `${COLUMNS},
  exists (select 1 from checkouts k where k.id = c.checkout_id and k.closed_at is null) as "checkoutOpen",
  (select h.expires_at from cart_holds h where h.cart_id = c.id and h.state = 'live' and h.expires_at > now()) as "heldUntil"`;
const HEAD = `${STATE}, ${PRICING_STAMP} as stamp`;

export async function findState(em: EntityManager, cartId: string): Promise<CartState | null> {
  const [row] = await em.execute<CartState[]>(`select ${STATE} from carts c where c.id = ?`, [cartId]);
  return row ?? null;
}

export async function findHead(em: EntityManager, caller: Caller): Promise<CartHead | null> {
  const address = addressOf(caller);
  const [row] = await em.execute<CartHead[]>(prepared(`select ${HEAD} from carts c where c.id = (${address.text})`), [
    ...address.params,
  ]);
  return row ?? null;
}

export async function findHeadById(em: EntityManager, cartId: string): Promise<CartHead | null> {
  const [row] = await em.execute<CartHead[]>(prepared(`select ${HEAD} from carts c where c.id = ?`), [cartId]);
  return row ?? null;
}

/** The new cart, locked as it is ours; null: the user has an open cart already. */
export async function insertCart(
  em: EntityManager,
  cart: {
    readonly id: string;
    readonly userId: string | null;
    readonly tokenHash: string | null;
    readonly currency: string;
    readonly checkoutId: string;
  },
): Promise<CartRow | null> {
  const [row] = await em.execute<CartRow[]>(
    `insert into carts as c (id, user_id, token_hash, currency, checkout_id, version) values (?, ?, ?, ?, ?, 0)
     on conflict do nothing returning ${COLUMNS}`,
    [cart.id, cart.userId, cart.tokenHash, cart.currency, cart.checkoutId],
  );
  return row ?? null;
}

export async function tokenHashOf(em: EntityManager, cartId: string): Promise<string | null> {
  const cart = await em.findOne(CartEntity, { id: cartId }, { fields: ['tokenHash'], disableIdentityMap: true });
  return cart?.tokenHash ?? null;
}

export interface EditFacts {
  readonly checkoutOpen: boolean;
  readonly lineCount: number;
  /** Of the line asked for. */
  readonly line: { readonly id: string; readonly variantId: string; readonly quantity: number } | null;
}

/** Read after the cart was locked: a statement sees what was committed before it began, not what its own lock waited for. */
export async function readEditFacts(
  em: EntityManager,
  cart: CartRow,
  wanted: { readonly lineId: string } | { readonly variantId: string } | null,
): Promise<EditFacts> {
  const [column, id] =
    wanted === null ? ['id', null] : 'lineId' in wanted ? ['id', wanted.lineId] : ['variant_id', wanted.variantId];
  const [row] = await em.execute<EditFacts[]>(
    prepared(`select exists (select 1 from checkouts k where k.id = ? and k.closed_at is null) as "checkoutOpen",
       (select count(*) from cart_lines where cart_id = ?) as "lineCount",
       (select jsonb_build_object('id', id, 'variantId', variant_id, 'quantity', quantity)
          from cart_lines where cart_id = ? and ${column} = ?) as line`),
    [cart.checkoutId, cart.id, cart.id, id],
  );
  if (row === undefined) throw new Error('a select without a table has one row');
  return row;
}

export async function bumpVersion(em: EntityManager, cartId: string): Promise<void> {
  await em.execute('update carts set version = version + 1, updated_at = now() where id = ?', [cartId], 'run');
}

/** With the cart's next version. One statement, so that adds of different processes never lose each other. */
export async function addToLine(
  em: EntityManager,
  line: {
    readonly id: string;
    readonly cartId: string;
    readonly variantId: string;
    readonly quantity: number;
    readonly unitPrice: number;
    readonly currency: string;
  },
): Promise<void> {
  await em.execute(
    prepared(`with added as (
       insert into cart_lines as l (id, cart_id, variant_id, quantity, unit_price_amount, currency)
       values (?, ?, ?, ?, ?, ?)
       on conflict (cart_id, variant_id) do update
         set quantity = l.quantity + excluded.quantity, unit_price_amount = excluded.unit_price_amount
     )
     update carts set version = version + 1, updated_at = now() where id = ?`),
    [line.id, line.cartId, line.variantId, line.quantity, line.unitPrice, line.currency, line.cartId],
    'run',
  );
}

export async function setLine(
  em: EntityManager,
  line: { readonly id: string; readonly quantity: number; readonly unitPrice: number },
): Promise<void> {
  await em.nativeUpdate(CartLineEntity, { id: line.id }, { quantity: line.quantity, unitPriceAmount: line.unitPrice });
}

/** One line, or with null all of them. */
export async function deleteLines(em: EntityManager, cartId: string, lineId: string | null): Promise<void> {
  await em.nativeDelete(CartLineEntity, lineId === null ? { cartId } : { cartId, id: lineId });
}
