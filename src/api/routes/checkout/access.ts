import { timingSafeEqual } from 'node:crypto';
import type { Context } from 'koa';
import { hashCartToken } from '../../../domain/cart/index.js';
import type { CartOwner } from '../../../domain/checkout/index.js';
import type { Cipher } from '../../../domain/kernel/cipher.js';
import { DomainError, notFound } from '../../../domain/kernel/errors.js';
import type { Caller } from '../../../domain/users/types.js';

const EVENTS_TOKEN_MS = 15 * 60_000;

/** Reads a guest's checkout and order: an HMAC of the checkout id. */
export const orderToken = (cipher: Cipher, checkoutId: string): string => cipher.blindIndex(checkoutId, 'order-token');

/** Opens the event stream of one checkout for a while, since browsers send no headers with it. */
export function eventsToken(cipher: Cipher, checkoutId: string, now: Date): string {
  const until = String(now.getTime() + EVENTS_TOKEN_MS);
  return `${until}.${cipher.blindIndex(`${checkoutId}.${until}`, 'events-token')}`;
}

export function isEventsToken(cipher: Cipher, token: string, checkoutId: string, now: Date): boolean {
  const [until = ''] = token.split('.');
  return (
    Number(until) > now.getTime() &&
    same(token, `${until}.${cipher.blindIndex(`${checkoutId}.${until}`, 'events-token')}`)
  );
}

interface Owned {
  readonly checkoutId: string;
  readonly userId: string | null;
  readonly cartTokenHash: string | null;
}

/**
 * The one check of who may see a checkout or its order: its customer, the holder of the guest cart's token, or of
 * the order token.
 * @throws DomainError `not_found`, so that nothing is told of other people's ids
 */
export function assertOwns(
  cipher: Cipher,
  ctx: Context,
  caller: Caller,
  owned: Owned,
  what: 'checkout' | 'order',
): void {
  if (caller.kind === 'user' && owned.userId === caller.userId) return;
  const token = ctx.get('X-Order-Token');
  if (token !== '' && same(token, orderToken(cipher, owned.checkoutId))) return;
  const { cartToken } = caller;
  if (owned.userId === null && owned.cartTokenHash !== null && cartToken !== null)
    if (same(hashCartToken(cartToken), owned.cartTokenHash)) return;
  throw notFound(what);
}

export function ownerOf(caller: Caller): CartOwner {
  const tokenHash = caller.cartToken === null ? null : hashCartToken(caller.cartToken);
  if (caller.kind === 'user') return { userId: caller.userId, tokenHash };
  if (tokenHash === null)
    throw new DomainError('cart_empty', 'there is no cart to check out: send its X-Cart-Token or log in');
  return { userId: null, tokenHash };
}

function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
