/** What each topic carries: ids only, as the flows it starts keep them in their histories. */
export interface OutboxTopics {
  readonly 'user.registered': ConfirmationAsked;
  readonly 'user.email_changed': ConfirmationAsked;
  readonly 'user.confirmation_requested': ConfirmationAsked;
  /** Products whose search document is to be written anew. */
  readonly 'search.products': { readonly product_ids: readonly string[] };
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
