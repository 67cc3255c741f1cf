/** What each topic carries: ids only, as the flows it starts keep them in their histories. */
export interface OutboxTopics {
  readonly 'user.registered': ConfirmationAsked;
  readonly 'user.email_changed': ConfirmationAsked;
  readonly 'user.confirmation_requested': ConfirmationAsked;
  /** Products whose search document is to be written anew. */
  readonly 'search.products': { readonly product_ids: readonly string[] };
  /** A file that is whole and waits to be imported. */
  readonly 'import.accepted': { readonly importId: string };
  readonly 'order.cancellation_requested': { readonly orderId: string };
  readonly 'order.refund_requested': { readonly refundId: string; readonly orderId: string };
  /** Variants became low, and staff are to know. */
  readonly 'stock.low': { readonly alertId: string };
  /** A variant that somebody waits for may be there again. */
  readonly 'stock.back': { readonly variantId: string };
  /** There is something to tell about an order. */
  readonly 'order.notification_queued': { readonly orderId: string };
  /** A difference between two books that a person had mended. */
  readonly 'reconciliation.approved': { readonly differenceId: string };
}
export type OutboxTopic = keyof OutboxTopics;

interface ConfirmationAsked {
  readonly confirmationId: string;
}

export type OutboxMessage = { readonly [T in OutboxTopic]: Envelope<T> }[OutboxTopic];

interface Envelope<T extends OutboxTopic> {
  readonly id: number;
  readonly topic: T;
  readonly payload: OutboxTopics[T];
}
