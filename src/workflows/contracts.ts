/** Names that the API, the worker and operators rely on. Renaming one strands running flows. */
export const TASK_QUEUE = 'perdure';

export const checkoutWorkflowId = (checkoutId: string): string => `checkout-${checkoutId}`;
export const reservationExpiryWorkflowId = (holdId: string): string => `reservation-expiry-${holdId}`;
export const passwordResetWorkflowId = (requestId: string): string => `password-reset-${requestId}`;
export const confirmEmailWorkflowId = (confirmationId: string): string => `confirm-email-${confirmationId}`;
export const notifyWorkflowId = (orderId: string): string => `notify-${orderId}`;
export const paymentEventWorkflowId = (eventId: string): string => `payment-event-${eventId}`;
export const catalogueImportWorkflowId = (importId: string): string => `catalogue-import-${importId}`;
export const searchIndexWorkflowId = (outboxId: number): string => `search-index-${outboxId}`;

export interface CheckoutInput {
  readonly checkoutId: string;
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

/** How requests and the outbox reach flows; every method throws when Temporal cannot be reached. */
export interface Flows {
  /** Starts a flow under its fixed id; one that exists already, running or closed, is left alone. */
  start<F extends FlowName>(flow: F, workflowId: string, input: FlowInputs[F]): Promise<void>;
  /** Signals a running flow. False: none runs under this id. */
  signal(workflowId: string, signal: string, ...args: readonly unknown[]): Promise<boolean>;
  /** Runs an update and waits for its answer; DomainError with the flow's code when the flow refuses. */
  update<T>(workflowId: string, update: string, ...args: readonly unknown[]): Promise<T>;
  state(workflowId: string): Promise<'running' | 'closed' | 'absent'>;
}
