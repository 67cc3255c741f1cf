import type { EntityManager } from '@mikro-orm/postgresql';
import { checkoutInProgress } from '../cart/index.js';
import { DomainError, notFound } from '../kernel/errors.js';
import { newId } from '../kernel/ids.js';
import { writeAudit } from '../audit/index.js';
import { extendReservation, releaseStock, reserveStock, type StockLine } from '../inventory/index.js';
import type { Hold } from './types.js';

/** Live holds from one network address: a household's or an office's, not a crowd's. */
const MOST_HOLDS_OF_ADDRESS = 20;

/**
 * Holds the cart's stock for `durationMs`; a live hold of the cart is answered as it is (`made` false). A customer has one open
 * cart and so one hold; guests are counted by the blind index of their network address.
 * @throws DomainError `not_found`, `cart_empty`, `out_of_stock`, `checkout_in_progress`, `hold_limit`
 */
export async function holdCart(
  em: EntityManager,
  cartId: string,
  durationMs: number,
  addressIndex: string | null = null,
): Promise<Hold & { readonly made: boolean }> {
  const lines = await lockOpenCart(em, cartId);
  const live = await findLiveHold(em, cartId);
  if (live !== null && live.remainingMs > 0) return { ...live, made: false };
  // Before any stock is locked: whoever has the address may be waiting for that.
  if (addressIndex !== null) await lockAddress(em, addressIndex);
  // One whose time is up is ended here, should its flow be late.
  if (live !== null && !(await endHold(em, live.id, 'expired'))) return { ...live, made: false };
  if (lines.length === 0) throw new DomainError('cart_empty', 'the cart is empty');
  if (addressIndex !== null) await assertFewHolds(em, addressIndex);
  const id = newId();
  const { expiresAt } = await reserveStock(em, { holdId: id }, lines, durationMs);
  await em.execute(
    `insert into cart_holds (id, cart_id, user_id, address_index, expires_at)
     select ?, id, user_id, ?, ? from carts where id = ?`,
    [id, addressIndex, expiresAt, cartId],
    'run',
  );
  return { ...(await readHold(em, id)), made: true };
}

/**
 * Extends the cart's hold, once, by `byMs`.
 * @throws DomainError `not_found` when none is live, `invalid_transition` when it was extended before
 */
export async function extendHold(em: EntityManager, cartId: string, byMs: number): Promise<Hold> {
  await lockOpenCart(em, cartId);
  const hold = await findLiveHold(em, cartId);
  if (hold === null || hold.remainingMs <= 0) throw notFound('reservation');
  if (hold.extended) throw new DomainError('invalid_transition', 'a reservation can be extended once');
  await em.execute(
    `update cart_holds set expires_at = expires_at + ? * interval '1 millisecond', extended_at = now(), warned_at = null
     where id = ? and state = 'live'`,
    [byMs, hold.id],
    'run',
  );
  await extendReservation(em, { holdId: hold.id }, byMs);
  return readHold(em, hold.id);
}

/** Gives the cart's hold back, as its customer asked. @throws DomainError `not_found` */
export async function releaseHold(em: EntityManager, cartId: string): Promise<{ readonly holdId: string }> {
  await lockOpenCart(em, cartId);
  const hold = await findLiveHold(em, cartId);
  if (hold === null) throw notFound('reservation');
  await endHold(em, hold.id, 'released');
  return { holdId: hold.id };
}

/**
 * Ends a hold that is still live: by `expired` only when its time is up by the database's clock, with an audit entry.
 * @returns false when it had ended, or has time left
 */
export async function endHold(em: EntityManager, holdId: string, state: 'released' | 'expired'): Promise<boolean> {
  const ended = await em.execute<unknown[]>(
    `update cart_holds set state = ?, closed_at = now()
     where id = ? and state = 'live' and (? <> 'expired' or expires_at <= now()) returning id`,
    [state, holdId, state],
  );
  if (ended.length === 0) return false;
  await releaseStock(em, { holdId }, state);
  if (state === 'expired')
    await writeAudit(em, {
      actor: { type: 'system' },
      action: 'reservation.expired',
      object: { type: 'hold', id: holdId },
    });
  return true;
}

/** Live holds whose time is up and whose flow did not end them, oldest first. */
export async function findOverdueHolds(em: EntityManager, graceMs: number, limit: number): Promise<string[]> {
  const rows = await em.execute<{ id: string }[]>(
    `select id from cart_holds where state = 'live' and expires_at < now() - ? * interval '1 millisecond'
     order by expires_at limit ?`,
    [graceMs, limit],
  );
  return rows.map((row) => row.id);
}

/** @throws DomainError `not_found` */
export async function readHold(em: EntityManager, holdId: string): Promise<Hold> {
  const [hold] = await em.execute<HoldRow[]>(`${SELECT} where id = ?`, [holdId]);
  if (hold === undefined) throw notFound('reservation');
  return toHold(hold);
}

/** Remembers that the customer is warned. Idempotent. @returns false when the hold is not live: there is nothing to warn of */
export async function markWarned(em: EntityManager, holdId: string): Promise<boolean> {
  const rows = await em.execute<unknown[]>(
    `update cart_holds set warned_at = coalesce(warned_at, now()) where id = ? and state = 'live' returning id`,
    [holdId],
  );
  return rows.length > 0;
}

/** So that of many at once not all slip through. */
async function lockAddress(em: EntityManager, addressIndex: string): Promise<void> {
  await em.execute('select pg_advisory_xact_lock(hashtextextended(?, 0))', [`holds:${addressIndex}`]);
}

async function assertFewHolds(em: EntityManager, addressIndex: string): Promise<void> {
  const [row] = await em.execute<{ live: number }[]>(
    `select count(*) as live from cart_holds where address_index = ? and state = 'live'`,
    [addressIndex],
  );
  if ((row?.live ?? 0) >= MOST_HOLDS_OF_ADDRESS)
    throw new DomainError('hold_limit', 'too many carts are held from this address; please try again later');
}

async function findLiveHold(em: EntityManager, cartId: string): Promise<Hold | null> {
  const [hold] = await em.execute<HoldRow[]>(`${SELECT} where cart_id = ? and state = 'live' for update`, [cartId]);
  return hold === undefined ? null : toHold(hold);
}

/** Locks a cart that no checkout has taken, and reads what it holds. */
async function lockOpenCart(em: EntityManager, cartId: string): Promise<StockLine[]> {
  const [cart] = await em.execute<{ status: string; checkout_id: string }[]>(
    'select status, checkout_id from carts where id = ? for update',
    [cartId],
  );
  if (cart?.status !== 'open') throw notFound('cart');
  const rows = await em.execute<{ variant_id: string | null; quantity: number; checkout_id: string | null }[]>(
    `select l.variant_id, l.quantity, k.id as checkout_id
     from (select ?::uuid as cart_id, ?::uuid as checkout_id) c
     left join cart_lines l on l.cart_id = c.cart_id
     left join checkouts k on k.id = c.checkout_id and k.closed_at is null`,
    [cartId, cart.checkout_id],
  );
  const checkoutId = rows[0]?.checkout_id;
  if (checkoutId != null) throw checkoutInProgress(checkoutId);
  return rows.flatMap((row) =>
    row.variant_id === null ? [] : [{ variantId: row.variant_id, quantity: row.quantity }],
  );
}

const SELECT = `select id, cart_id, user_id, state, expires_at, extended_at,
  (extract(epoch from expires_at - now()) * 1000)::bigint as remaining_ms from cart_holds`;

interface HoldRow {
  readonly id: string;
  readonly cart_id: string;
  readonly user_id: string | null;
  readonly state: Hold['state'];
  readonly expires_at: string;
  readonly extended_at: string | null;
  readonly remaining_ms: number;
}

const toHold = (row: HoldRow): Hold => ({
  id: row.id,
  cartId: row.cart_id,
  userId: row.user_id,
  state: row.state,
  expiresAt: row.expires_at,
  remainingMs: row.remaining_ms,
  extended: row.extended_at !== null,
});
