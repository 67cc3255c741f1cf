/**
 * Replays what runs now against the flows of this build, before it is shipped:
 *
 *     replay [--address <host:port>] [--namespace <name>] [--task-queue <name>]...
 *            [--query "WorkflowType = 'checkout'"]   fewer flows, as Temporal's visibility understands it
 *            [--limit <number>]                      the newest so many
 *            [--bundle <file>]                       another build's flows, such as its dist/workflow-bundle.js
 *
 * Ends with 0 when all of them go on, 1 when one would not, 2 when it could not be found out.
 */
import { parseArgs } from 'node:util';
import { Connection } from '@temporalio/client';
import { loadTemporalConfig } from '../config.js';
import { workflowSource } from '../infra/temporal/bundle.js';
import { createTemporalClient } from '../infra/temporal/connection.js';
import { replayRunning } from '../infra/temporal/replay-running.js';
import { installRuntime } from '../infra/temporal/worker.js';
import { createReplayReport } from './replay-report.js';

const ANSWER_MS = 5_000;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function replay(): Promise<0 | 1> {
  const { values } = parseArgs({
    options: {
      'from-server': { type: 'boolean' },
      address: { type: 'string' },
      namespace: { type: 'string' },
      'task-queue': { type: 'string', multiple: true },
      query: { type: 'string' },
      limit: { type: 'string' },
      bundle: { type: 'string' },
    },
  });
  const limit = Number(values.limit ?? Infinity);
  if (!(limit > 0)) throw new Error('--limit takes a number above 0');
  const temporal = loadTemporalConfig({ TEMPORAL_ADDRESS: values.address, TEMPORAL_NAMESPACE: values.namespace });
  const queues = values['task-queue'] ?? [temporal.taskQueue];
  const query = [
    `TaskQueue IN (${queues.map(quoted).join(', ')})`,
    `ExecutionStatus = 'Running'`,
    ...(values.query === undefined ? [] : [`(${values.query})`]),
  ].join(' AND ');

  // What the SDK logs of a flow that fails is in the report.
  installRuntime({ warn: () => undefined, error: () => undefined }, { logging: { filter: 'off' } });
  const connection = await Connection.connect({ address: temporal.address, connectTimeout: ANSWER_MS });
  try {
    const client = createTemporalClient(connection, temporal);
    const { count } = await client.withDeadline(Date.now() + ANSWER_MS, () => client.workflow.count(query));
    say(`Replaying what runs on ${queues.join(', ')} (${temporal.address}, namespace ${temporal.namespace}).`);
    const report = createReplayReport();
    const workflows = values.bundle === undefined ? workflowSource() : { workflowBundle: { codePath: values.bundle } };
    if (count > 0) await replayRunning({ client, workflows, query, limit }, report.add);
    for (const line of report.lines(Math.max(0, count - limit))) say(line);
    return report.failed() ? 1 : 0;
  } finally {
    await connection.close();
  }
}

function quoted(name: string): string {
  if (/['"\\]/.test(name)) throw new Error('--task-queue takes a name without quotes');
  return `'${name}'`;
}

try {
  process.exitCode = await replay();
} catch (error) {
  const { message, cause } = error as Error;
  say(`NOT KNOWN: ${message}${cause instanceof Error ? ` (${cause.message})` : ''}`);
  process.exitCode = 2;
}
