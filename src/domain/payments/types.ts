import type { Money } from '../kernel/money.js';

/** What a gateway says of an attempt to obtain the money for a checkout. */
export type AuthoriseOutcome =
  /** Held until `expiresAt`; to be captured. */
  | { readonly kind: 'authorised'; readonly intentId: string; readonly expiresAt: string }
  /** Taken already (a method without manual capture). */
  | { readonly kind: 'captured'; readonly intentId: string; readonly chargeId: string }
  /** To be paid later, outside the provider (pay on delivery); or nothing is to be paid. */
  | { readonly kind: 'due'; readonly intentId: string }
  /** The customer must act (3-D Secure). The client secret is read separately and never stored. */
  | { readonly kind: 'needs_customer'; readonly intentId: string }
  /** The provider is still working on it; a webhook will tell. */
  | { readonly kind: 'processing'; readonly intentId: string }
  /** A definite refusal. `reason` is the provider's decline code, e.g. `insufficient_funds`. */
  | { readonly kind: 'declined'; readonly reason: string; readonly intentId: string | null }
  /** No definite answer: the attempt may have happened. Repeat with the same key, or look it up. */
  | { readonly kind: 'unknown'; readonly reason: string };

export type CaptureOutcome =
  | { readonly kind: 'captured'; readonly chargeId: string; readonly amount: Money }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'unknown'; readonly reason: string };

export type VoidOutcome =
  /** Nothing can be paid with this intent any more. */
  | { readonly kind: 'voided' }
  /** Too late to void: the money was taken and must be refunded. */
  | { readonly kind: 'captured'; readonly chargeId: string; readonly amount: Money }
  | { readonly kind: 'unknown'; readonly reason: string };

export type RefundOutcome =
  | { readonly kind: 'refunded'; readonly refundId: string; readonly amount: Money }
  | { readonly kind: 'pending'; readonly refundId: string }
  /** `refundId` where one was made and the bank sent it back. */
  | { readonly kind: 'refused'; readonly reason: string; readonly refundId?: string }
  | { readonly kind: 'unknown'; readonly reason: string };

/** A refund that the provider has, made by us or in its dashboard. */
export interface FoundRefund {
  /** The provider's id of it. */
  readonly reference: string;
  /** The key that we made it with; null for others' refunds. */
  readonly key: string | null;
  readonly status: 'pending' | 'succeeded' | 'failed';
  readonly amount: Money;
  /** Why it failed; empty otherwise. */
  readonly reason: string;
}

/** A provider's event, reduced to ids and status: no personal data, no client secret. */
export interface PaymentEvent {
  readonly id: string;
  readonly provider: string;
  readonly type: string;
  readonly createdAt: string;
  /** Null for event types that do not speak of a payment intent. */
  readonly intentId: string | null;
  readonly checkoutId: string | null;
  /** What the event says of the intent, where it says anything. */
  readonly outcome: AuthoriseOutcome | null;
  readonly amount: Money | null;
}
