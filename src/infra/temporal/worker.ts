import {
  DefaultLogger,
  NativeConnection,
  Runtime,
  Worker,
  type RuntimeOptions,
  type WorkerOptions,
  type WorkerPlugin,
} from '@temporalio/worker';
import type { WorkflowSource } from './bundle.js';
import type { TemporalAddress } from './connection.js';
import { pause } from './pause.js';

export interface WaitForTemporal {
  readonly signal: AbortSignal;
  readonly onWaiting: () => void;
}

/** The worker's connection: waits until Temporal answers. @throws the signal's reason once it is aborted */
export async function connectWorker(
  { address }: Pick<TemporalAddress, 'address'>,
  wait: WaitForTemporal,
): Promise<NativeConnection> {
  for (;;) {
    wait.signal.throwIfAborted();
    try {
      return await NativeConnection.connect({ address });
    } catch {
      wait.onWaiting();
      await pause(1_000, wait.signal);
    }
  }
}

export interface WorkerDeps {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly activities: object;
  readonly workflows: WorkflowSource;
  /** Local activities hold a database connection each: more than the pool has only wait. */
  readonly databasePool: number;
  readonly plugins?: WorkerPlugin[];
  readonly dormantPatches: readonly string[];
}

export async function createWorker(deps: WorkerDeps): Promise<Worker> {
  return Worker.create({
    connection: deps.connection,
    namespace: deps.namespace,
    taskQueue: deps.taskQueue,
    activities: deps.activities,
    ...deps.workflows,
    ...sleeping(deps.dormantPatches),
    plugins: deps.plugins ?? [],
    // a flow goes on sooner on another worker when this one is killed
    stickyQueueScheduleToStartTimeout: '1s',
    maxConcurrentWorkflowTaskExecutions: 40,
    maxConcurrentLocalActivityExecutions: deps.databasePool * 2,
    maxConcurrentActivityTaskExecutions: 60,
    maxCachedWorkflows: 600,
    // attempts that began may end; what is left is done by another worker
    shutdownGraceTime: '10s',
    shutdownForceTime: '20s',
  });
}

/**
 * Flows that have not met these patches go the old way, those whose history has one go on by it. Asked of the worker, so no
 * flow pays for it where none sleeps.
 */
export const sleeping = (patches: readonly string[]): Pick<WorkerOptions, 'patchActivationCallback'> =>
  patches.length === 0 ? {} : { patchActivationCallback: ({ patchId }) => !patches.includes(patchId) };

export interface WorkerLog {
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** Once in a process, before anything else of Temporal: the SDK's warnings and errors then go to `log`. */
export function installRuntime(log: WorkerLog, telemetry?: RuntimeOptions['telemetryOptions']): void {
  const logger = new DefaultLogger('WARN', ({ level, message, meta }) =>
    log[level === 'ERROR' ? 'error' : 'warn'](readable(meta ?? {}), message),
  );
  Runtime.install({ logger, ...(telemetry === undefined ? {} : { telemetryOptions: telemetry }), shutdownSignals: [] });
}

/** Ids and codes of the SDK's context; errors only by class and type, as their messages are not ours. */
function readable(meta: Readonly<Record<string | symbol, unknown>>): Record<string, unknown> {
  const error = meta['error'];
  return {
    component: meta['sdkComponent'],
    workflow_id: meta['workflowId'],
    workflow_type: meta['workflowType'],
    activity: meta['activityType'],
    attempt: meta['attempt'],
    ...(error instanceof Error ? { error: error.name, code: (error as { type?: unknown }).type } : {}),
  };
}
