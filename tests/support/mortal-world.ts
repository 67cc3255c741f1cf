import { createVonageSimulator } from '../../dev/vonage/simulator.js';
import { workerPolls } from '../../dev/launcher/worker-probe.js';
import { auditInstance, auditLines } from '../../src/bin/audit-instance.js';
import { loadConfig } from '../../src/config.js';
import { newId } from '../../src/domain/kernel/ids.js';
import { createCipher } from '../../src/infra/crypto/aes-cipher.js';
import { createTemporalClient, createTemporalConnection } from '../../src/infra/temporal/connection.js';
import { createFlows } from '../../src/infra/temporal/flows.js';
import { ensureSearchAttributes } from '../../src/infra/temporal/namespace.js';
import { SECRET_KEY, startStripe, WEBHOOK_SECRET } from '../unit/simulators/stripe-bench.js';
import { openMarket } from './builders/market.js';
import { openGate, openSlowMail, openSlowWay } from './gate.js';
import { startProcess, type RunningChild } from './processes.js';
import { serviceUrl } from './services.js';
import { until } from './until.js';

/** Where an activity is: `during` means that a provider, of payments or messages, did what it was asked and has not answered yet. */
export interface Pause {
  readonly workflowId: string;
  readonly activity: string;
  readonly when: 'before' | 'during' | 'after';
}

/** The flow whose worker is to die, and what its calls to providers speak of. */
export interface Doomed extends Pause {
  readonly about: readonly string[];
}

const VONAGE = { apiKey: 'key', apiSecret: 'secret' };
const PATIENCE_MS = 30_000;

export const ALERT_MAIL = 'stock@perdure.example';

/** All flows on workers of their own processes, which stop for ever where a test says and are killed then. */
export async function openMortalWorld() {
  const taskQueue = `deaths-${newId()}`;
  const market = await openMarket({ cipher: createCipher(loadConfig().encryption) });
  const stripe = await startStripe();
  const vonage = createVonageSimulator(VONAGE);
  const doomed = new Map<string, Doomed>();
  const running = new Map<string, Set<string>>();
  const stopped = new Map<string, Pause>();
  let mortal = false;

  /** Resolves at once, or never. */
  async function pass({ workflowId, activity, when }: Pause): Promise<void> {
    const point = doomed.get(workflowId);
    if (!mortal || point === undefined || point.activity !== activity) return;
    // An attempt that comes after the one that was stopped gets no further.
    if (point.when !== when && !stopped.has(workflowId)) return;
    stopped.set(workflowId, point);
    await new Promise(() => undefined);
  }
  const gate = await openGate(async (body) => {
    const pause = JSON.parse(body) as Pause;
    const { workflowId, activity, when } = pause;
    const now = running.get(workflowId) ?? new Set();
    running.set(workflowId, now);
    if (when === 'before') now.add(activity);
    else now.delete(activity);
    await pass(pause);
  });
  async function during(asked: string): Promise<void> {
    for (const { about, ...point } of doomed.values())
      if (
        point.when === 'during' &&
        running.get(point.workflowId)?.has(point.activity) === true &&
        about.some((id) => asked.includes(id))
      )
        await pass(point);
  }
  const ways = {
    stripe: await openSlowWay(stripe.url, during),
    vonage: await openSlowWay(await vonage.listen(), during),
    mail: await openSlowMail(serviceUrl('mail'), during),
  };

  const env = {
    NODE_ENV: 'test',
    LOG_LEVEL: 'warn',
    DATABASE_URL: market.url,
    REDIS_PREFIX: `${taskQueue}:`,
    ELASTICSEARCH_URL: '',
    TEMPORAL_ADDRESS: serviceUrl('temporal'),
    TEMPORAL_TASK_QUEUE: taskQueue,
    STRIPE_API_URL: stripe.url,
    STRIPE_SECRET_KEY: SECRET_KEY,
    STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRET,
    VONAGE_API_URL: ways.vonage.url,
    SMTP_URL: ways.mail.url,
    VONAGE_API_KEY: VONAGE.apiKey,
    VONAGE_API_SECRET: VONAGE.apiSecret,
    SMS_LOG_URL: '',
    STOCK_ALERT_MAIL: ALERT_MAIL,
    // Holds are warned of as soon as their flow begins.
    CART_HOLD_WARNING_MS: String(24 * 60 * 60_000),
  };
  const connection = createTemporalConnection({ address: env.TEMPORAL_ADDRESS });
  const client = createTemporalClient(connection, { namespace: 'default' });
  await ensureSearchAttributes(client, 'default');
  const flows = createFlows({ client, taskQueue, deadlineMs: PATIENCE_MS });
  let worker: RunningChild | null = null;

  return {
    ...market,
    stripe,
    vonage,
    flows,

    start: (flow: string, workflowId: string, input: object = {}) =>
      client.workflow.start(flow, { taskQueue, workflowId, args: [input] }),

    async startWorker(): Promise<void> {
      const since = new Date();
      worker = await startProcess({
        file: 'tests/support/mortal-worker.ts',
        env: { ...env, STRIPE_API_URL: ways.stripe.url, GATE_URL: gate.url },
        ready: () => workerPolls(env, since),
      });
    },

    async stopWorker(): Promise<void> {
      await worker?.stop();
      worker = null;
    },

    /** From now on these stop where they are told to. */
    doom(points: readonly Doomed[]): void {
      for (const point of points) doomed.set(point.workflowId, point);
      mortal = true;
    },

    /** Kills the worker once all that was doomed has come to its point, and starts another. */
    async die(): Promise<void> {
      const waiting = async () => [...doomed.values()].filter(({ workflowId }) => !stopped.has(workflowId));
      const missing = (points: Doomed[]) => points.length === 0;
      await until('the points of death', waiting, missing, 120_000);
      await worker?.kill();
      mortal = false;
      await this.startWorker();
    },

    /** Once the flow has come to its good end. @throws when it never does */
    async ended(workflowId: string): Promise<void> {
      // The outbox may not have started it yet.
      const status = (): Promise<string> =>
        client.workflow
          .getHandle(workflowId)
          .describe()
          .then(({ status: { name } }) => name)
          .catch((error: Error) => error.name);
      await until(`the end of ${workflowId}`, status, (now) => now === 'COMPLETED', 120_000);
    },

    async audit(): Promise<string> {
      const results = await auditInstance(loadConfig({ ...process.env, ...env }), { settledForMs: 0, waitMs: 30_000 });
      return results.some(({ breached }) => breached > 0) ? auditLines(results).join('\n') : 'clean';
    },

    async close(): Promise<void> {
      await worker?.stop();
      await connection.close();
      await Promise.all([gate, ...Object.values(ways)].map((each) => each.close()));
      await Promise.all([vonage.close(), stripe.close()]);
      await market.close();
    },
  };
}

export type MortalWorld = Awaited<ReturnType<typeof openMortalWorld>>;
