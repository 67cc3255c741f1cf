import type { Page } from '../domain/kernel/page.js';

/** Names that the API, the worker and operators rely on. Renaming one strands running flows. */
export const checkoutWorkflowId = (checkoutId: string): string => `checkout-${checkoutId}`;
export const checkoutRecoveryWorkflowId = (checkoutId: string): string => `checkout-recovery-${checkoutId}`;
export const reservationExpiryWorkflowId = (holdId: string): string => `reservation-expiry-${holdId}`;
export const passwordResetWorkflowId = (requestId: string): string => `password-reset-${requestId}`;
export const confirmEmailWorkflowId = (confirmationId: string): string => `confirm-email-${confirmationId}`;
export const notifyWorkflowId = (orderId: string): string => `notify-${orderId}`;
export const paymentEventWorkflowId = (eventId: string): string => `payment-event-${eventId}`;
export const cancelOrderWorkflowId = (orderId: string): string => `cancel-order-${orderId}`;
export const refundWorkflowId = (refundId: string): string => `refund-${refundId}`;
export const refundEventWorkflowId = (eventId: string): string => `refund-event-${eventId}`;
export const lowStockWorkflowId = (alertId: string): string => `low-stock-${alertId}`;
export const backInStockWorkflowId = (variantId: string): string => `back-in-stock-${variantId}`;
export const reconciliationRepairWorkflowId = (differenceId: string): string => `reconciliation-repair-${differenceId}`;
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
/** The update of a checkout that is not being placed yet: everything is undone. */
export const CANCEL_CHECKOUT = 'cancelCheckout';

/** Why an operator interferes with a flow: a code, as histories are kept. */
export const COMMAND_REASONS = [
  'cause_mended',
  'customer_asked',
  'took_too_long',
  'fraud_suspected',
  'made_by_mistake',
  'other',
] as const;
export type CommandReason = (typeof COMMAND_REASONS)[number];

/** Who and why, of an update: it goes into the audit log. */
export interface Because {
  /** The id of a user, or the name that an operator of Temporal's UI goes by. */
  readonly by: string;
  readonly reason: CommandReason;
}

/** The signal of `notify`: another event of this order waits to be told. */
export const MORE_TO_TELL = 'moreToTell';
/** The signal of `backInStock`: look again, there may be some. */
export const STOCK_BACK = 'stockBack';

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
export interface CancelOrderInput {
  readonly orderId: string;
}
export interface RefundInput {
  readonly refundId: string;
}
export interface RefundEventInput {
  readonly eventId: string;
}
export interface LowStockInput {
  readonly alertId: string;
}
export interface BackInStockInput {
  readonly variantId: string;
  /** How far it was when its history had become long. */
  readonly told?: number;
  readonly wave?: number | null;
}
export interface ReconciliationRepairInput {
  readonly differenceId: string;
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
  readonly cancelOrder: CancelOrderInput;
  readonly refund: RefundInput;
  readonly refundEvent: RefundEventInput;
  readonly lowStock: LowStockInput;
  readonly backInStock: BackInStockInput;
  readonly reconciliationRepair: ReconciliationRepairInput;
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
  /** `stopped`: a person ended its last run, by Temporal’s own cancel or terminate. */
  state(workflowId: string): Promise<'running' | 'closed' | 'stopped' | 'absent'>;
}

export const FLOW_STATUSES = [
  'running',
  'completed',
  'failed',
  'cancelled',
  'terminated',
  'timed_out',
  'continued_as_new',
] as const;
export type FlowStatus = (typeof FLOW_STATUSES)[number];

/** What is null is not asked for. */
export interface FlowFilter {
  readonly status: FlowStatus | null;
  readonly needsAttention: boolean | null;
  /** A workflow's type, in letters. */
  readonly type: string | null;
  readonly orderId: string | null;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface FlowView {
  readonly workflowId: string;
  readonly runId: string;
  readonly type: string;
  readonly status: FlowStatus;
  readonly summary: string | null;
  readonly needsAttention: boolean;
  /** Markdown, of flows that need attention: what is stuck, why, and what helps. Null while no worker answers for it. */
  readonly details: string | null;
  readonly orderId: string | null;
  readonly customerId: string | null;
  readonly startedAt: string;
  readonly closedAt: string | null;
  /** Its page in Temporal's UI. */
  readonly url: string | null;
}

/** A command that is done once for each `updateId`, however often it is given. */
export type Command = Because & { readonly updateId: string };

/**
 * What the shop's people see of flows and do to them. Every method throws DomainError `temporarily_unavailable` when Temporal
 * does not answer, and those that command `not_found` and `invalid_transition` as the flow says.
 */
export interface FlowDesk {
  /** Newest first; Temporal's lists follow the flows within a second or so. */
  list(filter: FlowFilter): Promise<Page<FlowView>>;
  /** Tries what is stuck at once; answers the names of the steps. */
  retry(
    workflowId: string,
    command: Command & { readonly step?: string | null | undefined },
  ): Promise<readonly string[]>;
  /** Has a checkout stopped and undone; returns once it will be. */
  cancel(workflowId: string, command: Command): Promise<void>;
}
