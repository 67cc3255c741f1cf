import { mergeCarts } from '../../../domain/cart/index.js';
import { findCheckoutCart, type CheckoutCart } from '../../../domain/checkout/index.js';
import type { Query, Transact } from '../../../domain/kernel/transact.js';
import type { Caller } from '../../../domain/users/index.js';
import { callerKey } from '../../../domain/users/types.js';
import { ownerOf } from './access.js';

export interface OwnCartDeps {
  readonly transact: Transact;
  readonly query: Query;
}

/**
 * Finds the caller's cart; a guest cart that a customer still holds becomes their own first, so that what is held or bought
 * is theirs. `key`: the Idempotency-Key that was sent.
 */
export const createOwnCart =
  ({ transact, query }: OwnCartDeps) =>
  async (caller: Caller, key: string | null): Promise<CheckoutCart | null> => {
    const used = key === null ? null : { caller: callerKey(caller), key };
    const find = () => query((em) => findCheckoutCart(em, ownerOf(caller), used));
    const cart = await find();
    if (caller.kind !== 'user' || caller.cartToken === null || cart?.userId !== null || cart.underWay) return cart;
    const merge = { userId: caller.userId, cartToken: caller.cartToken };
    return (await transact((em) => mergeCarts(em, merge))) === null ? cart : find();
  };
