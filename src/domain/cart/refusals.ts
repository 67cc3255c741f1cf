import { DomainError } from '../kernel/errors.js';
import type { CartRow } from './types.js';

export const checkoutInProgress = (checkoutId: string): DomainError =>
  new DomainError('checkout_in_progress', 'this cart is being checked out; finish or cancel that first', {
    checkoutId,
    url: `/api/v1/checkout/${checkoutId}`,
  });

export const alreadyOrdered = (cart: CartRow): DomainError =>
  new DomainError('conflict', 'this cart was ordered', { orderId: cart.orderId });

/** `ifMatch` null: the caller does not mind. @throws DomainError `precondition_failed` */
export function assertVersion(cart: CartRow | null, ifMatch: number | null): void {
  if (ifMatch !== null && ifMatch !== (cart?.version ?? 0))
    throw new DomainError('precondition_failed', 'the cart has changed since it was read', {
      version: cart?.version ?? 0,
    });
}
