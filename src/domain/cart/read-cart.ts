import type { EntityManager } from '@mikro-orm/postgresql';
import { notFound } from '../kernel/errors.js';
import type { Query } from '../kernel/transact.js';
import { loadPricedCart } from '../pricing/index.js';
import type { Caller } from '../users/types.js';
import { cartContent, noCart } from './content.js';
import type { CachedContent, CartCache } from './ports.js';
import { findHead, findHeadById, type CartHead } from './store.js';
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
  const head = await findHeadById(em, cartId);
  if (head === null) throw notFound('cart');
  const entry = await loadContent(em, head);
  return { cart: assemble(head, entry.content), entry };
}

async function loadContent(em: EntityManager, head: CartHead): Promise<CachedContent> {
  const { stamp, lines } = await loadPricedCart(em, head.id);
  return { stamp, content: cartContent(head.currency, lines) };
}

const assemble = (head: CartHead, content: CartContent): Cart => ({
  id: head.id,
  status: head.status === 'ordered' ? 'ordered' : 'open',
  currency: head.currency,
  version: head.version,
  orderId: head.orderId,
  checkoutId: head.checkoutOpen ? head.checkoutId : null,
  heldUntil: head.heldUntil,
  ...content,
  problems: head.status === 'ordered' ? [] : content.problems,
});
