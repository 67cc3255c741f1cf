import type { EntityManager } from '@mikro-orm/postgresql';
import { DomainError, notFound } from '../kernel/errors.js';
import { newId } from '../kernel/ids.js';
import { loadVariantPricing, priceVariant, type VariantPricing } from '../pricing/index.js';
import type { IdempotencyOutcome } from '../idempotency/index.js';
import type { Caller } from '../users/types.js';
import { hashCartToken, newCartToken, nextCartToken } from './cart-token.js';
import { mergeCarts } from './merge-carts.js';
import { assertVersion, checkoutInProgress } from './refusals.js';
import { addToLine, insertCart, lockCart, readEditFacts, tokenHashOf, type EditFacts } from './store.js';
import type { CartRow } from './types.js';

const MOST_LINES = 200;
export const MOST_OF_ONE = 9_999;

export interface AddItem {
  readonly caller: Caller;
  readonly variantId: string;
  readonly quantity: number;
  /** Of the shop: carts that are created have it. */
  readonly currency: string;
  readonly ifMatch: number | null;
  /** Claims the request's Idempotency-Key for the cart; `scope` where the caller has no token yet. */
  readonly claim: (em: EntityManager, cartId: string, scope?: string) => Promise<IdempotencyOutcome>;
}

export interface AddedItem {
  readonly cartId: string;
  /** Of a guest cart that was created: the only time it is told. */
  readonly token: string | null;
}

/**
 * Adds to the caller's open cart, and makes one where there is none. A replay adds nothing.
 * @throws DomainError `not_found`, `checkout_in_progress`, `precondition_failed`, `validation_failed`
 */
export async function addItem(em: EntityManager, request: AddItem): Promise<AddedItem> {
  const { caller, variantId, quantity, ifMatch } = request;
  const target =
    caller.kind === 'user' ? await userCart(em, caller, request) : await guestCart(em, caller.cartToken, request);
  const { cart, token, replayed, made } = target;
  if (replayed) return { cartId: target.cartId, token };
  if (cart === null) throw new Error('a cart that is no replay is there');

  assertVersion(cart, ifMatch);
  const { checkoutOpen, line, lineCount } = made ? NOTHING_YET : await readEditFacts(em, cart, { variantId });
  if (checkoutOpen) throw checkoutInProgress(cart.checkoutId);
  const total = quantity + (line?.quantity ?? 0);
  if (total > MOST_OF_ONE) throw invalid('quantity', `a cart takes at most ${MOST_OF_ONE} of one variant`);
  if (line === null && lineCount >= MOST_LINES)
    throw invalid('variant_id', `a cart takes at most ${MOST_LINES} variants`);

  const pricing = await soldVariant(em, cart, variantId);
  const { unit } = priceVariant(pricing, total);
  await addToLine(em, {
    id: newId(),
    cartId: cart.id,
    variantId,
    quantity,
    unitPrice: unit.amount,
    currency: unit.currency,
  });
  return { cartId: cart.id, token };
}

/** What is known of a cart that this very transaction has made. */
const NOTHING_YET: EditFacts = { checkoutOpen: false, lineCount: 0, line: null };

/** @throws DomainError `not_found` when the variant is not sold, or not in the cart's currency */
export async function soldVariant(em: EntityManager, cart: CartRow, variantId: string): Promise<VariantPricing> {
  const pricing = await loadVariantPricing(em, { variantId, buyer: { cartId: cart.id } });
  if (pricing === null || pricing.base.currency !== cart.currency) throw notFound('variant');
  return pricing;
}

interface Target {
  readonly cartId: string;
  /** Locked; null for a replay. */
  readonly cart: CartRow | null;
  readonly token: string | null;
  readonly replayed: boolean;
  /** Empty, and nobody else's business yet. */
  readonly made: boolean;
}

async function userCart(
  em: EntityManager,
  caller: Caller & { kind: 'user' },
  { currency, claim }: AddItem,
): Promise<Target> {
  let cart = await lockCart(em, caller);
  if (cart !== null && cart.userId === null && caller.cartToken !== null) {
    await mergeCarts(em, { userId: caller.userId, cartToken: caller.cartToken });
    cart = await lockCart(em, caller);
  }
  let made = false;
  if (cart === null || cart.status !== 'open') {
    const fresh = { id: newId(), userId: caller.userId, tokenHash: null, currency, checkoutId: newId() };
    const inserted = await insertCart(em, fresh);
    made = inserted !== null;
    cart = inserted ?? (await lockCart(em, caller));
  }
  if (cart === null || cart.status !== 'open')
    throw new DomainError('conflict', 'the cart was just ordered; please try again');
  const { replayed, resourceId } = await claim(em, cart.id);
  return { cartId: resourceId, cart, token: null, replayed, made };
}

async function guestCart(
  em: EntityManager,
  held: string | null,
  { caller, currency, claim }: AddItem,
): Promise<Target> {
  const cart = held === null ? null : await lockCart(em, caller);
  if (cart !== null && cart.status === 'open') {
    const { replayed, resourceId } = await claim(em, cart.id);
    return { cartId: resourceId, cart, token: null, replayed, made: false };
  }
  const id = newId();
  const token = held === null ? newCartToken() : nextCartToken(held, id);
  const { replayed, resourceId } = await claim(em, id, held === null ? `cart:${token}` : undefined);
  if (replayed)
    return { cartId: resourceId, cart: null, token: await tellAgain(em, held, resourceId), replayed, made: false };
  const fresh = { id, userId: null, tokenHash: hashCartToken(token), currency, checkoutId: newId() };
  const inserted = await insertCart(em, fresh);
  const own = inserted ?? (await lockCart(em, { kind: 'guest', cartToken: token }));
  return { cartId: id, cart: own, token, replayed, made: inserted !== null };
}

/** The token of the cart that the first request made, when it was made for the holder of another one. */
async function tellAgain(em: EntityManager, held: string | null, cartId: string): Promise<string | null> {
  if (held === null) return null;
  const token = nextCartToken(held, cartId);
  return (await tokenHashOf(em, cartId)) === hashCartToken(token) ? token : null;
}

const invalid = (field: string, message: string): DomainError =>
  new DomainError('validation_failed', 'the body is not valid', {}, [{ field, message }]);
