/** As clients see it. `accepted` rows show as `reserving`; `needs_attention` is told by the flow. */
export type CheckoutStatus =
  | 'reserving'
  | 'authorising'
  | 'requires_action'
  | 'placing'
  | 'placed'
  | 'failed'
  | 'cancelled'
  | 'expired'
  | 'needs_attention';

/** As the row has it. */
export type CheckoutState = 'accepted' | Exclude<CheckoutStatus, 'needs_attention'>;

/** How a checkout ends without an order. */
export type UnpaidStatus = 'failed' | 'cancelled' | 'expired';

/** Facts that happened, in order; also the `event` names of the progress stream. */
export type CheckoutStepName =
  | 'stock_reserved'
  | 'customer_action_required'
  | 'payment_authorised'
  | 'payment_declined'
  | 'order_placed'
  | 'payment_captured'
  | 'payment_refused'
  | 'payment_voided'
  | 'stock_released'
  | UnpaidStatus;

export interface CheckoutStep {
  readonly id: number;
  readonly step: CheckoutStepName;
  readonly at: string;
}

export interface Failure {
  readonly code: string;
  /** Ids and numbers only. */
  readonly data: Readonly<Record<string, unknown>>;
}

export interface UnpaidEnding extends Failure {
  readonly status: UnpaidStatus;
}

/** A checkout that should have ended and has not; whether a flow still works on it only Temporal knows. */
export interface Orphan {
  readonly checkoutId: string;
  readonly orderId: string;
  readonly customerId: string | null;
}

export interface Checkout {
  readonly id: string;
  readonly cartId: string;
  readonly orderId: string;
  readonly userId: string | null;
  /** SHA-256 of the guest cart's token; null for a customer's cart. */
  readonly cartTokenHash: string | null;
  readonly state: CheckoutState;
  readonly closing: boolean;
  /** Nothing has moved for a while though it should: shown as `needs_attention`. */
  readonly stalled: boolean;
  readonly bodyHash: string;
  readonly provider: string;
  readonly intentId: string | null;
  readonly failure: Failure | null;
  readonly expiresAt: string | null;
  readonly createdAt: string;
  readonly closedAt: string | null;
  readonly steps: readonly CheckoutStep[];
}

export const statusOf = (state: CheckoutState): CheckoutStatus => (state === 'accepted' ? 'reserving' : state);

/** Nothing more will happen to it but capture and messages. */
export const isDecided = (state: CheckoutState): boolean =>
  state === 'placed' || state === 'failed' || state === 'cancelled' || state === 'expired';
