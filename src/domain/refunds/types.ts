import type { Money } from '../kernel/money.js';
import type { RefundStatus } from '../orders/types.js';

export type { RefundStatus } from '../orders/types.js';

/** Why staff give money back. */
export const REFUND_REASONS = [
  'requested_by_customer',
  'damaged',
  'not_delivered',
  'wrong_item',
  'duplicate',
  'goodwill',
  'other',
] as const;
export type RefundReason = (typeof REFUND_REASONS)[number];

/** Who began it. `provider`: it was made in the provider's dashboard. */
export type RefundOrigin = 'staff' | 'cancellation' | 'return' | 'provider';

/** What is to be given back of an order. */
export type RefundWish =
  /** All that is left. `restock`: what was not restocked before goes back on the shelf. */
  | { readonly kind: 'whole'; readonly restock: boolean }
  | {
      readonly kind: 'parts';
      readonly lines: readonly { readonly lineId: string; readonly quantity: number; readonly restock: boolean }[];
      /** What is left of shipping. */
      readonly shipping: boolean;
    }
  /** An amount of money, taken from all parts in proportion to what is left of them. */
  | { readonly kind: 'amount'; readonly amount: number };

export interface Refund {
  readonly id: string;
  readonly orderId: string;
  readonly provider: string;
  readonly intentId: string;
  readonly origin: RefundOrigin;
  readonly reason: string;
  readonly status: RefundStatus;
  readonly amount: Money;
  /** The provider's id of it, once that is known. */
  readonly reference: string | null;
  /** Why it was refused or failed: the provider's code. */
  readonly failure: string | null;
}

/** A refund that waits for its end; whether a flow still works on it only Temporal knows. */
export interface OpenRefund {
  readonly refundId: string;
  readonly orderId: string;
  readonly customerId: string | null;
}

/** Nothing more will happen to it but a late failure of one that succeeded. */
export const isSettled = (status: RefundStatus): boolean => status !== 'requested' && status !== 'pending';

/** What the provider knows the refund by, in its metadata and as idempotency key. */
export const refundKey = (refundId: string): string => `refund:${refundId}`;
