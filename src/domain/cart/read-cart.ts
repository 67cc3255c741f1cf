import { isDeepStrictEqual } from 'node:util';
import type { EntityManager } from '@mikro-orm/postgresql';
import { notFound } from '../kernel/errors.js';
import type { Query } from '../kernel/transact.js';
import { loadPricedCart } from '../pricing/index.js';
import type { Caller } from '../users/types.js';
import { cartContent, noCart } from './content.js';
import type { CachedContent, CartCache } from './ports.js';
import { findHead, findHeadById, findState, type CartState } from './store.js';
import type { Cart, CartContent } from './types.js';

export interface CartReaderDeps {
  readonly query: Query;
  readonly cache: CartCache;
  /** Of carts that are not there yet. */
  readonly currency: string;
}

/** The caller's cart at today's prices; creates nothing. One statement where the cache is warm, two else. */
export async function readCart({ query, cache, currency }: CartReaderDeps, caller: Caller): Promise<Cart> {
  if (caller.kind === 'guest' && caller.cartToken === null) return noCart(currency);
  const head = await query((em) => findHead(em, caller));
  if (head === null) return noCart(currency);
  const cached = await cache.read(head.id);
  if (cached?.stamp === head.stamp) return assemble(head, cached.content);
  const entry = await query((em) => loadContent(em, head));
  await cache.keep(head.id, entry);
  return assemble(head, entry.content);
}

export interface ChangedCart {
  readonly cart: Cart;
  /** For the cache, once the change is committed. */
  readonly entry: CachedContent;
}

/** The cart as the transaction has left it. */
export async function showCart(em: EntityManager, cartId: string): Promise<ChangedCart> {
  const state = await findState(em, cartId);
  if (state === null) throw notFound('cart');
  const entry = await loadContent(em, state);
  return { cart: assemble(state, entry.content), entry };
}

/** Whether a cached entry shows what the database would; one that is out of date is not used and so does no harm. */
export async function isFaithful(em: EntityManager, cartId: string, entry: CachedContent): Promise<boolean> {
  const head = await findHeadById(em, cartId);
  if (head === null || head.stamp !== entry.stamp) return true;
  const { stamp, content } = await loadContent(em, head);
  return stamp !== entry.stamp || isDeepStrictEqual(JSON.parse(JSON.stringify(content)), entry.content);
}

async function loadContent(em: EntityManager, { id, currency }: CartState): Promise<CachedContent> {
  const { stamp, lines } = await loadPricedCart(em, id);
  return { stamp, content: cartContent(currency, lines) };
}

const assemble = (state: CartState, content: CartContent): Cart => ({
  id: state.id,
  status: state.status === 'ordered' ? 'ordered' : 'open',
  currency: state.currency,
  version: state.version,
  orderId: state.orderId,
  checkoutId: state.checkoutOpen ? state.checkoutId : null,
  heldUntil: state.heldUntil,
  ...content,
  problems: state.status === 'ordered' ? [] : content.problems,
});
