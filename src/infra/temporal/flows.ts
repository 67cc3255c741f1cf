import {
  isGrpcServiceError,
  NamespaceNotFoundError,
  ServiceError,
  WithStartWorkflowOperation,
  WorkflowExecutionAlreadyStartedError,
  WorkflowIdConflictPolicy,
  WorkflowIdReusePolicy,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  WorkflowUpdateStage,
  type Client,
} from '@temporalio/client';
import { ApplicationFailure, type SearchAttributePair, TypedSearchAttributes } from '@temporalio/common';
import { DomainError, isErrorCode } from '../../domain/kernel/errors.js';
import { CHECKOUT_STATUS, CUSTOMER_ID, ORDER_ID } from '../../workflows/attributes.js';
import {
  checkoutWorkflowId,
  OUTCOME_UPDATE_ID,
  type CheckoutAnswer,
  type CheckoutOutcome,
  type FlowAttributes,
  type Flows,
} from '../../workflows/contracts.js';
import { textsOf } from '../../workflows/texts.js';

const DEADLINE_MS = 2_000;
/** A flow may undo much before it answers an update. */
const ANSWER_MS = 8_000;
/** CANCELLED, UNKNOWN, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED, UNAVAILABLE. */
const PASSING_GRPC: ReadonlySet<number> = new Set([1, 2, 4, 8, 10, 14]);

export interface FlowsOptions {
  readonly client: Client;
  readonly taskQueue: string;
  /** How long a call waits for Temporal's answer. Milliseconds. */
  readonly deadlineMs?: number;
}

export function createFlows({ client, taskQueue, deadlineMs = DEADLINE_MS }: FlowsOptions): Flows {
  /** Without a deadline the client tries for a minute. */
  const within = async <T>(call: () => Promise<T>, ms = deadlineMs): Promise<T> => {
    try {
      return await client.withDeadline(Date.now() + ms, call);
    } catch (error) {
      throw isUnreachable(error) ? new DomainError('temporarily_unavailable', 'Temporal does not answer') : error;
    }
  };
  const once = {
    taskQueue,
    workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
    workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
  };

  return {
    async start(flow, workflowId, input, attributes = {}, { again = false } = {}) {
      try {
        await within(() =>
          client.workflow.start(flow, {
            ...once,
            ...(again ? { workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE } : {}),
            workflowId,
            ...textsOf(flow, workflowId),
            args: [input],
            typedSearchAttributes: searchAttributes(attributes),
          }),
        );
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      }
    },

    async checkoutOutcome(checkoutId, attributes, waitMs): Promise<CheckoutAnswer> {
      const startWorkflowOperation = new WithStartWorkflowOperation('checkout', {
        ...once,
        workflowId: checkoutWorkflowId(checkoutId),
        ...textsOf('checkout', checkoutWorkflowId(checkoutId)),
        args: [{ checkoutId }],
        typedSearchAttributes: searchAttributes(attributes, [{ key: CHECKOUT_STATUS, value: 'accepted' }]),
      });
      // its promise is rejected too when the call fails
      startWorkflowOperation.workflowHandle().catch(() => undefined);
      try {
        const outcome = await client.withDeadline(Date.now() + waitMs, () =>
          client.workflow.executeUpdateWithStart<never, CheckoutOutcome, []>('outcome', {
            updateId: OUTCOME_UPDATE_ID,
            startWorkflowOperation: startWorkflowOperation as WithStartWorkflowOperation<never>,
          }),
        );
        return { kind: 'outcome', outcome };
      } catch {
        return { kind: 'undecided' };
      }
    },

    async signal(workflowId, signal, ...args) {
      try {
        await within(() => client.workflow.getHandle(workflowId).signal(signal, ...args));
        return true;
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return false;
        throw error;
      }
    },

    async update<T>(workflowId: string, update: string, ...args: readonly unknown[]): Promise<T> {
      try {
        const handle = client.workflow.getHandle(workflowId);
        const [...list] = args as [unknown, ...unknown[]];
        const accepted = await within(() =>
          handle.startUpdate<T, [unknown, ...unknown[]]>(update, {
            args: list,
            waitForStage: WorkflowUpdateStage.ACCEPTED,
          }),
        );
        return await within(() => accepted.result(), Math.max(ANSWER_MS, deadlineMs));
      } catch (error) {
        if (error instanceof WorkflowNotFoundError)
          throw new DomainError('not_found', 'no such flow is running', { workflowId });
        throw refusalOf(error) ?? error;
      }
    },

    async state(workflowId) {
      try {
        const { status } = await within(() => client.workflow.getHandle(workflowId).describe());
        if (status.name === 'RUNNING' || status.name === 'PAUSED') return 'running';
        return status.name === 'CANCELLED' || status.name === 'TERMINATED' ? 'stopped' : 'closed';
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return 'absent';
        throw error;
      }
    },
  };
}

function searchAttributes(
  attributes: FlowAttributes,
  more: readonly SearchAttributePair[] = [],
): TypedSearchAttributes {
  const pairs: SearchAttributePair[] = [...more];
  if (attributes.orderId !== undefined) pairs.push({ key: ORDER_ID, value: attributes.orderId });
  if (attributes.customerId != null) pairs.push({ key: CUSTOMER_ID, value: attributes.customerId });
  return new TypedSearchAttributes(pairs);
}

export function refusalOf(error: unknown): DomainError | undefined {
  const cause = error instanceof WorkflowUpdateFailedError ? error.cause : undefined;
  if (!(cause instanceof ApplicationFailure) || !isErrorCode(cause.type)) return undefined;
  const data: unknown = cause.details?.[0];
  return new DomainError(cause.type, cause.message, typeof data === 'object' && data !== null ? { ...data } : {});
}

export function isUnreachable(error: unknown): boolean {
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return true;
  // A server that has lost its database denies the namespace.
  if (error instanceof NamespaceNotFoundError) return true;
  if (isGrpcServiceError(error))
    return PASSING_GRPC.has(Number(error.code)) || /^Namespace \S+ is not found/.test(error.details);
  if (error instanceof ServiceError) return isUnreachable(error.cause);
  return error instanceof Error && error.name === 'TransportError';
}
