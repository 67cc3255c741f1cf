import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Config } from '../../src/config.js';
import { countMoving } from '../../src/domain/promises/index.js';
import { createOrm } from '../../src/infra/db/orm.js';
import { createQuery } from '../../src/infra/db/transact.js';
import { createTemporalClient, createTemporalConnection } from '../../src/infra/temporal/connection.js';
import { createFlowBook } from '../../src/infra/temporal/flow-book.js';

export interface Rest {
  /** Until nothing moved any more, or patience ended. Milliseconds. */
  readonly afterMs: number;
  /** How many things still move. */
  readonly moving: number;
  /** Some of the flows that still run, and what they wait for. */
  readonly flows: readonly string[];
}

const LOOK_MS = 250;
const TOLD_MS = 10_000;
const MOST_TOLD = 5;

/** Waits until nothing is open any more: checkouts, captures, messages, flows. */
export async function comeToRest(
  config: Pick<Config, 'database' | 'temporal'>,
  withinMs: number,
  { signal, say }: { readonly signal: AbortSignal; readonly say: (text: string) => void },
): Promise<Rest> {
  const orm = createOrm({ url: config.database.url, poolMax: 1, applicationName: 'perdure-chaos' });
  const connection = createTemporalConnection(config.temporal);
  try {
    const query = createQuery(orm);
    const { taskQueue } = config.temporal;
    const client = createTemporalClient(connection, config.temporal);
    const flows = createFlowBook({ client, taskQueue });
    const started = performance.now();
    let told = TOLD_MS;
    for (;;) {
      // On a busy machine a look may fail; the next one tells.
      const moving = await countMoving({ query, flows }).catch(() => Infinity);
      const afterMs = Math.round(performance.now() - started);
      if (moving === 0) return { afterMs, moving, flows: [] };
      if (afterMs > withinMs) return { afterMs, moving, flows: await whatMoves(client, taskQueue) };
      if (afterMs > told) {
        told += TOLD_MS;
        say(`${moving} still move: ${(await whatMoves(client, taskQueue)).join('; ')}`);
      }
      await sleep(LOOK_MS, undefined, { signal });
    }
  } finally {
    await connection.close();
    await orm.close(true);
  }
}

async function whatMoves(client: Client, taskQueue: string): Promise<string[]> {
  const found: string[] = [];
  const query = `TaskQueue = '${taskQueue}' AND ExecutionStatus = 'Running' AND WorkflowType != 'searchIndex'`;
  for await (const { workflowId, runId } of client.workflow.list({ query })) {
    const { raw } = await client.workflow.getHandle(workflowId, runId).describe();
    const waits = (raw.pendingActivities ?? []).map(
      ({ activityType, attempt }) => `${activityType?.name ?? '?'}, attempt ${attempt ?? 1}`,
    );
    const task = raw.pendingWorkflowTask;
    if (task !== null && task !== undefined) waits.push(`its task, attempt ${task.attempt ?? 1}`);
    found.push(`${workflowId} (${waits.join(', ') || 'nothing'})`);
    if (found.length >= MOST_TOLD) break;
  }
  return found;
}
