import { WorkflowNotFoundError, type Client, type HistoryAndWorkflowId } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import type { WorkflowSource } from './bundle.js';

export interface ReplayedFlow {
  readonly workflowId: string;
  readonly runId: string;
  readonly type: string;
  /** `not_begun`: no worker has had it yet, so there is nothing to repeat. */
  readonly outcome: 'replayed' | 'failed' | 'not_begun';
  /** Why it failed, in the SDK's words. */
  readonly reason?: string;
}

export interface ReplayRunning {
  readonly client: Client;
  readonly workflows: WorkflowSource;
  /** Which flows, as visibility understands it. */
  readonly query: string;
  /** The newest so many. */
  readonly limit?: number;
}

/** What every message of the replayer begins with. */
const BEFORE_DETAILS = /^.*?Details: /s;

/** Replays what runs now, a history at a time: never more than one is in memory. @throws when Temporal cannot be asked */
export async function replayRunning(
  { client, workflows, query, limit = Infinity }: ReplayRunning,
  onFlow: (flow: ReplayedFlow) => void,
): Promise<void> {
  let current: Omit<ReplayedFlow, 'outcome'> = { workflowId: '', runId: '', type: '' };

  async function* histories(): AsyncGenerator<HistoryAndWorkflowId> {
    let left = limit;
    for await (const { workflowId, runId, type } of client.workflow.list({ query })) {
      if (left === 0) return;
      left -= 1;
      const history = await client.workflow.getHandle(workflowId, runId).fetchHistory().catch(unlessForgotten);
      if (history === undefined) continue;
      current = { workflowId, runId, type };
      // The replayer would wait for ever for its first task to end.
      if (history.events?.some((event) => event.workflowTaskCompletedEventAttributes != null) === true)
        yield { workflowId, history };
      else onFlow({ ...current, outcome: 'not_begun' });
    }
  }

  for await (const { error } of Worker.runReplayHistories(workflows, histories()))
    onFlow(
      error === undefined ? { ...current, outcome: 'replayed' } : { ...current, outcome: 'failed', ...why(error) },
    );
}

/** It closed, and was forgotten, since it was listed. */
function unlessForgotten(error: unknown): undefined {
  if (!(error instanceof WorkflowNotFoundError)) throw error;
}

const why = ({ message }: Error): Pick<ReplayedFlow, 'reason'> => ({ reason: message.replace(BEFORE_DETAILS, '') });
