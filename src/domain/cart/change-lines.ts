import type { EntityManager } from '@mikro-orm/postgresql';
import { notFound } from '../kernel/errors.js';
import { priceVariant } from '../pricing/index.js';
import type { Caller } from '../users/types.js';
import { soldVariant } from './add-item.js';
import { mergeCarts } from './merge-carts.js';
import { alreadyOrdered, assertVersion, checkoutInProgress } from './refusals.js';
import { bumpVersion, deleteLines, lockCart, readEditFacts, setLine, type EditFacts } from './store.js';
import type { CartRow } from './types.js';

export interface CartEdit {
  readonly caller: Caller;
  readonly ifMatch: number | null;
}

/** Sets a line's quantity, and keeps today's price as the one its customer has seen. Answers the cart's id. */
export async function setQuantity(
  em: EntityManager,
  { lineId, quantity, ...edit }: CartEdit & { readonly lineId: string; readonly quantity: number },
): Promise<string> {
  const { cart, line } = await lockForEdit(em, edit, lineId);
  if (cart === null || line === null) throw notFound('line');
  const { unit } = priceVariant(await soldVariant(em, cart, line.variantId), quantity);
  await setLine(em, { id: line.id, quantity, unitPrice: unit.amount });
  await bumpVersion(em, cart.id);
  return cart.id;
}

export async function removeLine(
  em: EntityManager,
  { lineId, ...edit }: CartEdit & { readonly lineId: string },
): Promise<string> {
  const { cart, line } = await lockForEdit(em, edit, lineId);
  if (cart === null || line === null) throw notFound('line');
  await deleteLines(em, cart.id, line.id);
  await bumpVersion(em, cart.id);
  return cart.id;
}

/** Null: there was no cart to clear. */
export async function clearCart(em: EntityManager, edit: CartEdit): Promise<string | null> {
  const { cart } = await lockForEdit(em, edit, null);
  if (cart === null) return null;
  await deleteLines(em, cart.id, null);
  await bumpVersion(em, cart.id);
  return cart.id;
}

/** @throws DomainError `conflict` when it was ordered, `precondition_failed`, `checkout_in_progress` */
async function lockForEdit(
  em: EntityManager,
  { caller, ifMatch }: CartEdit,
  lineId: string | null,
): Promise<{ readonly cart: CartRow | null; readonly line: EditFacts['line'] }> {
  let cart = await lockCart(em, caller);
  if (cart !== null && cart.userId === null && caller.kind === 'user' && caller.cartToken !== null) {
    await mergeCarts(em, { userId: caller.userId, cartToken: caller.cartToken });
    cart = await lockCart(em, caller);
  }
  if (cart?.status === 'merged') cart = null;
  assertVersion(cart, ifMatch);
  if (cart === null) return { cart, line: null };
  if (cart.status === 'ordered') throw alreadyOrdered(cart);
  const { checkoutOpen, line } = await readEditFacts(em, cart, lineId === null ? null : { lineId });
  if (checkoutOpen) throw checkoutInProgress(cart.checkoutId);
  return { cart, line };
}
