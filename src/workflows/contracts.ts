/** Names that the API, the worker and operators rely on. Renaming one strands running flows. */
export const checkoutWorkflowId = (checkoutId: string): string => `checkout-${checkoutId}`;
export const checkoutRecoveryWorkflowId = (checkoutId: string): string => `checkout-recovery-${checkoutId}`;
export const reservationExpiryWorkflowId = (holdId: string): string => `reservation-expiry-${holdId}`;
export const passwordResetWorkflowId = (requestId: string): string => `password-reset-${requestId}`;
export const confirmEmailWorkflowId = (confirmationId: string): string => `confirm-email-${confirmationId}`;
export const notifyWorkflowId = (orderId: string): string => `notify-${orderId}`;
export const paymentEventWorkflowId = (eventId: string): string => `payment-event-${eventId}`;
export const catalogueImportWorkflowId = (importId: string): string => `catalogue-import-${importId}`;
/** `batch` is a digest of the products: the same outbox id may be relayed again with more of them. */
export const searchIndexWorkflowId = (outboxId: number, batch: string): string => `search-index-${outboxId}-${batch}`;
/** One at a time, whoever asks for it. */
export const SEARCH_REBUILD_WORKFLOW_ID = 'search-rebuild';

export interface CheckoutInput {
  readonly checkoutId: string;
  /** Take over a checkout whose flow is gone; `cancelled` when its customer asked for its end. */
  readonly recover?: boolean | 'cancelled';
}
/** Status and ids only: callers read everything else from rows. */
export interface CheckoutOutcome {
  readonly checkoutId: string;
  readonly status: 'requires_action' | 'processing' | 'placed' | 'failed' | 'cancelled' | 'expired';
  readonly code: string | null;
}
/** The fixed id of the update `outcome`: every repeat gets the same answer. */
export const OUTCOME_UPDATE_ID = 'outcome';

/** The update of every flow with steps that may get stuck: tries them again at once. */
export const RETRY_STEP = 'retryStep';

export interface ReservationExpiryInput {
  readonly holdId: string;
}
export interface PasswordResetInput {
  readonly requestId: string;
}
export interface ConfirmEmailInput {
  readonly confirmationId: string;
}
export interface NotifyInput {
  readonly orderId: string;
}
export interface PaymentEventInput {
  readonly eventId: string;
}
export interface CatalogueImportInput {
  readonly importId: string;
}
export interface SearchIndexInput {
  readonly productIds: readonly string[];
}

export interface FlowInputs {
  readonly checkout: CheckoutInput;
  readonly reservationExpiry: ReservationExpiryInput;
  readonly passwordReset: PasswordResetInput;
  readonly confirmEmail: ConfirmEmailInput;
  readonly notify: NotifyInput;
  readonly paymentEvent: PaymentEventInput;
  readonly catalogueImport: CatalogueImportInput;
  readonly searchIndex: SearchIndexInput;
}
export type FlowName = keyof FlowInputs;

/** Search attributes that a flow has from its start. */
export interface FlowAttributes {
  readonly orderId?: string;
  readonly customerId?: string | null;
}

export interface StartOptions {
  /** A closed flow of this id is no obstacle; a running one still is left alone. */
  readonly again?: boolean;
}

export type CheckoutAnswer =
  | { readonly kind: 'outcome'; readonly outcome: CheckoutOutcome }
  /** Time is up, or the outcome could not be learnt: the row tells, then `state`. */
  | { readonly kind: 'undecided' };

/**
 * How requests and the outbox reach flows. Every method but `checkoutOutcome` throws DomainError `temporarily_unavailable`
 * within about 3 s when Temporal cannot be reached; then the flow may exist or not, and all are safe to repeat.
 */
export interface Flows {
  /** Starts a flow under its fixed id; one that exists already, running or closed, is left alone. */
  start<F extends FlowName>(
    flow: F,
    workflowId: string,
    input: FlowInputs[F],
    attributes?: FlowAttributes,
    options?: StartOptions,
  ): Promise<void>;
  /** Starts the checkout where it does not exist yet and waits at most `waitMs` for its outcome. Never throws. */
  checkoutOutcome(checkoutId: string, attributes: Required<FlowAttributes>, waitMs: number): Promise<CheckoutAnswer>;
  /** Signals a running flow. False: none runs under this id. */
  signal(workflowId: string, signal: string, ...args: readonly unknown[]): Promise<boolean>;
  /** Runs an update and waits for its answer; DomainError with the flow's code when the flow refuses, `not_found` when none runs. */
  update<T>(workflowId: string, update: string, ...args: readonly unknown[]): Promise<T>;
  state(workflowId: string): Promise<'running' | 'closed' | 'absent'>;
}
