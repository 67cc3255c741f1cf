/** Why customers cancel. */
export const CUSTOMER_REASONS = ['changed_mind', 'ordered_by_mistake', 'too_slow', 'other'] as const;
/** Why an order is cancelled. */
export const CANCELLATION_REASONS = [...CUSTOMER_REASONS, 'fraud'] as const;
export type CancellationReason = (typeof CANCELLATION_REASONS)[number];

/** A cancellation that is not done; whether a flow still works on it only Temporal knows. */
export interface OpenCancellation {
  readonly orderId: string;
  readonly customerId: string | null;
}
