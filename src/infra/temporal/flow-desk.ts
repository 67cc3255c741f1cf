import { createHash } from 'node:crypto';
import {
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateStage,
  type Client,
  type WorkflowExecutionDescription,
} from '@temporalio/client';
import { DomainError } from '../../domain/kernel/errors.js';
import { decodeCursor, encodeCursor, type Page } from '../../domain/kernel/page.js';
import { CUSTOMER_ID, NEEDS_ATTENTION, ORDER_ID } from '../../workflows/attributes.js';
import {
  CANCEL_CHECKOUT,
  RETRY_STEP,
  type Because,
  type FlowDesk,
  type FlowFilter,
  type FlowStatus,
  type FlowView,
} from '../../workflows/contracts.js';
import { isUnreachable, refusalOf } from './flows.js';

export interface FlowDeskOptions {
  readonly client: Client;
  readonly namespace: string;
  readonly taskQueue: string;
  /** Where operators' browsers find Temporal's UI; null where nobody said. */
  readonly uiUrl: string | null;
}

const DEADLINE_MS = 3_000;
/** A flow without a worker answers no question; the list does not wait for it. */
const QUESTION_MS = 1_500;
const ANSWER_MS = 8_000;

const STATUS: Readonly<Record<FlowStatus, string>> = {
  running: 'Running',
  completed: 'Completed',
  failed: 'Failed',
  cancelled: 'Canceled',
  terminated: 'Terminated',
  timed_out: 'TimedOut',
  continued_as_new: 'ContinuedAsNew',
};

/** What operators see of flows and do to them, over Temporal's visibility and the flows' own updates. */
export function createFlowDesk({ client, namespace, taskQueue, uiUrl }: FlowDeskOptions): FlowDesk {
  async function within<T>(call: () => Promise<T>, ms = DEADLINE_MS): Promise<T> {
    try {
      return await client.withDeadline(Date.now() + ms, call);
    } catch (error) {
      throw isUnreachable(error) ? new DomainError('temporarily_unavailable', 'Temporal does not answer') : error;
    }
  }

  async function list(filter: FlowFilter): Promise<Page<FlowView>> {
    const query = queryOf(filter, taskQueue);
    const token = tokenOf(filter.cursor, query);
    const { executions, nextPageToken } = await within(() =>
      client.workflowService.listWorkflowExecutions({
        namespace,
        pageSize: filter.limit,
        query,
        nextPageToken: token,
      }),
    );
    const views = await Promise.all(
      executions.map(({ execution }) => view(execution?.workflowId ?? '', execution?.runId ?? '')),
    );
    return { data: views.filter((each) => each !== null), nextCursor: cursorOf(Buffer.from(nextPageToken), query) };
  }

  /** Null for one that is forgotten since it was listed. */
  async function view(workflowId: string, runId: string): Promise<FlowView | null> {
    try {
      const flow = await within(() => client.workflow.getHandle(workflowId, runId).describe());
      const needsAttention = flow.typedSearchAttributes.get(NEEDS_ATTENTION) === true;
      return {
        workflowId,
        runId,
        type: flow.type,
        status: statusOf(flow),
        summary: (await flow.staticSummary()) ?? null,
        needsAttention,
        details: needsAttention && isOpen(flow) ? await detailsOf(workflowId, runId) : null,
        orderId: flow.typedSearchAttributes.get(ORDER_ID) ?? null,
        customerId: flow.typedSearchAttributes.get(CUSTOMER_ID) ?? null,
        startedAt: flow.startTime.toISOString(),
        closedAt: flow.closeTime?.toISOString() ?? null,
        url: uiUrl === null ? null : linkOf(uiUrl, namespace, workflowId, runId),
      };
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return null;
      throw error;
    }
  }

  /** What the flow says of itself; null while no worker answers for it. */
  async function detailsOf(workflowId: string, runId: string): Promise<string | null> {
    try {
      const { currentDetails } = await client.withDeadline(Date.now() + QUESTION_MS, () =>
        client.workflow
          .getHandle(workflowId, runId)
          .query<{ readonly currentDetails?: string }>('__temporal_workflow_metadata'),
      );
      return currentDetails ?? null;
    } catch {
      return null;
    }
  }

  /** @throws DomainError `not_found` for flows of others too, `invalid_transition` when the flow takes no such command now */
  async function command<T>(
    workflowId: string,
    update: string,
    updateId: string,
    args: readonly [unknown, ...unknown[]],
    waits: boolean,
  ): Promise<T | undefined> {
    try {
      const handle = client.workflow.getHandle(workflowId);
      if ((await within(() => handle.describe())).taskQueue !== taskQueue) throw noSuchFlow(workflowId);
      const accepted = await within(
        () =>
          handle.startUpdate<T, [unknown, ...unknown[]]>(update, {
            updateId,
            args: [...args],
            waitForStage: WorkflowUpdateStage.ACCEPTED,
          }),
        ANSWER_MS,
      );
      return waits ? await within(() => accepted.result(), ANSWER_MS) : undefined;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) throw noSuchFlow(workflowId);
      const refused = refusalOf(error);
      if (refused === undefined && error instanceof WorkflowUpdateFailedError)
        throw new DomainError('invalid_transition', 'this flow takes no such command', { workflowId });
      throw refused ?? error;
    }
  }

  return {
    list,
    retry: async (workflowId, { step = null, updateId, ...because }) =>
      (await command<readonly string[]>(workflowId, RETRY_STEP, updateId, [step, because satisfies Because], true)) ??
      [],
    cancel: async (workflowId, { updateId, ...because }) => {
      await command(workflowId, CANCEL_CHECKOUT, updateId, [because satisfies Because], false);
    },
  };
}

/** Values are codes and ids that the caller checked; nothing free gets in. */
function queryOf({ status, needsAttention, type, orderId }: FlowFilter, taskQueue: string): string {
  const conditions = [`TaskQueue = '${taskQueue}'`];
  if (status !== null) conditions.push(`ExecutionStatus = '${STATUS[status]}'`);
  if (needsAttention === true) conditions.push('NeedsAttention = true');
  if (needsAttention === false) conditions.push('(NeedsAttention = false OR NeedsAttention IS NULL)');
  if (type !== null) conditions.push(`WorkflowType = '${type}'`);
  if (orderId !== null) conditions.push(`OrderId = '${orderId}'`);
  return conditions.join(' AND ');
}

/** Temporal's token, with a mark of the list that it goes on: what is no token, Temporal does not refuse but fails at. */
const cursorOf = (token: Buffer, query: string): string | null =>
  token.length === 0 ? null : encodeCursor([token.toString('base64'), markOf(token, query)]);

function tokenOf(cursor: string | undefined, query: string): Buffer {
  if (cursor === undefined) return Buffer.alloc(0);
  const [text, mark] = decodeCursor(cursor, 2);
  const token = Buffer.from(String(text), 'base64');
  if (mark !== markOf(token, query))
    throw new DomainError('validation_failed', 'the cursor is not one of ours', {}, [
      { field: 'cursor', message: 'not a cursor that this list returned' },
    ]);
  return token;
}

const markOf = (token: Buffer, query: string): string =>
  createHash('sha256').update(query).update(token).digest('base64url').slice(0, 16);

const noSuchFlow = (workflowId: string): DomainError =>
  new DomainError('not_found', 'no such flow is running', { workflowId });

const isOpen = ({ status }: WorkflowExecutionDescription): boolean =>
  status.name === 'RUNNING' || status.name === 'PAUSED';

function statusOf(flow: WorkflowExecutionDescription): FlowStatus {
  const name = flow.status.name.toLowerCase();
  return isOpen(flow) || !(name in STATUS) ? 'running' : (name as FlowStatus);
}

const linkOf = (uiUrl: string, namespace: string, workflowId: string, runId: string): string =>
  `${uiUrl.replace(/\/+$/, '')}/namespaces/${namespace}/workflows/${encodeURIComponent(workflowId)}/${runId}`;
