import type { Money } from '../kernel/money.js';
import type { Adjustment } from '../pricing/types.js';

export type CartProblem =
  /** The unit price is not the one the customer saw when the line was last changed. */
  | { readonly code: 'price_changed'; readonly lineId: string; readonly previous: Money; readonly current: Money }
  | { readonly code: 'out_of_stock'; readonly lineId: string; readonly available: number }
  /** No longer sold; left out of the subtotal. */
  | { readonly code: 'unavailable'; readonly lineId: string };

export interface CartLine {
  readonly id: string;
  readonly variantId: string;
  readonly sku: string;
  readonly title: string;
  readonly quantity: number;
  /** Today's price. */
  readonly unitPrice: Money;
  readonly lineTotal: Money;
  readonly adjustments: readonly Adjustment[];
}

export interface CartContent {
  readonly lines: readonly CartLine[];
  readonly subtotal: Money;
  readonly problems: readonly CartProblem[];
}

export interface Cart extends CartContent {
  /** Null: there is no cart yet. */
  readonly id: string | null;
  readonly status: 'open' | 'ordered';
  readonly currency: string;
  /** Rises with every change by its customer; 0 before the first. */
  readonly version: number;
  readonly orderId: string | null;
  /** While a checkout is open: the cart cannot be changed then. */
  readonly checkoutId: string | null;
  /** While its stock is held before payment. */
  readonly heldUntil: string | null;
}

/** A row of carts, as of its lock or its read. */
export interface CartRow {
  readonly id: string;
  readonly userId: string | null;
  readonly status: 'open' | 'ordered' | 'merged';
  readonly currency: string;
  readonly version: number;
  /** Of its current or next checkout. */
  readonly checkoutId: string;
  readonly orderId: string | null;
}
