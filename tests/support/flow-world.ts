import type { Client, WorkflowHandle } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { NativeConnection, Worker } from '@temporalio/worker';
import { createVonageSimulator } from '../../dev/vonage/simulator.js';
import { createActivities, type ActivityDeps } from '../../src/activities/index.js';
import { newId } from '../../src/domain/kernel/ids.js';
import { createSecretTokens } from '../../src/infra/crypto/secret-tokens.js';
import { createLineSource } from '../../src/infra/files/line-source.js';
import { createSmtpMailer } from '../../src/infra/smtp/mailer.js';
import { createStripeGateway } from '../../src/infra/stripe/gateway.js';
import { createStripeStatements } from '../../src/infra/stripe/statements.js';
import { createFlows } from '../../src/infra/temporal/flows.js';
import { ensureSearchAttributes } from '../../src/infra/temporal/namespace.js';
import { installRuntime, sleeping } from '../../src/infra/temporal/worker.js';
import { createVonageMessenger } from '../../src/infra/vonage/messenger.js';
import { SECRET_KEY, startStripe, WEBHOOK_SECRET } from '../unit/simulators/stripe-bench.js';
import { openMarket } from './builders/market.js';
import { createFaults } from './faulty-activities.js';
import { serviceUrl } from './services.js';
import { startTimeSkipping } from './time-skipping.js';
import { workflowBundlePath } from './workflow-bundle.js';

const VONAGE = { apiKey: 'key', apiSecret: 'secret' };
const nothing = async (): Promise<void> => undefined;
/** A busy machine is no outage. */
const PATIENCE_MS = 30_000;

interface Restart {
  readonly draining?: () => Promise<void>;
  readonly down?: () => Promise<void>;
  /** What the other one is, where it is not the same. */
  readonly release?: Release;
}

/** A build of the flows, and which of its patches sleep. */
interface Release {
  readonly bundle?: string;
  readonly dormantPatches?: readonly string[];
}

/** Stands before a provider of messages; `send` hands one on. */
export type Delivery = (send: () => Promise<unknown>) => Promise<unknown>;

export interface FlowWorldOptions {
  /** `dev`: Temporal's own server, whose time passes as ours does and that answers every repeat of an update. */
  readonly server?: 'time-skipping' | 'dev';
  /** How long a checkout's stock is reserved. Milliseconds. */
  readonly reservationMs?: number;
  /** Further activities, of flows that only tests have. */
  readonly more?: object;
  readonly release?: Release;
}

/**
 * All flows on a worker with the real activities: PostgreSQL, the real adapters before simulated providers, a real mail
 * server. Temporal's time is skipped (`sleep`); PostgreSQL's is not, and flows take from it only how long something has
 * left: tests that need it move the rows' `expires_at` by as much as they sleep.
 */
export async function openFlowWorld({
  server = 'time-skipping',
  reservationMs = 900_000,
  more = {},
  release = {},
}: FlowWorldOptions = {}) {
  installRuntime({ warn: () => undefined, error: () => undefined });
  const market = await openMarket();
  const stripe = await startStripe();
  const vonage = createVonageSimulator(VONAGE);
  const gateway = createStripeGateway({
    secretKey: SECRET_KEY,
    apiUrl: stripe.url,
    webhookSecrets: [WEBHOOK_SECRET],
    timeoutMs: 1_000,
  });
  const mailer = createSmtpMailer({ url: serviceUrl('mail'), from: 'Perdure <shop@perdure.example>' });
  const messenger = createVonageMessenger({ ...VONAGE, apiUrl: await vonage.listen(), from: 'Perdure' });
  const faults = createFaults();
  const logged: unknown[] = [];
  const note = (...line: unknown[]): void => void logged.push(line);
  let ahead = 0;
  const straight: Delivery = (send) => send();
  const delivery = { mail: straight, text: straight };

  const workflowBundle = { codePath: await workflowBundlePath() };
  const environment =
    server === 'dev'
      ? await TestWorkflowEnvironment.createFromExistingServer({ address: serviceUrl('temporal') })
      : await startTimeSkipping();
  const address = server === 'dev' ? serviceUrl('temporal') : environment.address;
  await ensureSearchAttributes(environment.client, 'default');
  const taskQueue = `flows-${newId()}`;
  const client: Client = environment.client;
  const flows = createFlows({ client, taskQueue, deadlineMs: PATIENCE_MS });

  const deps: ActivityDeps = {
    ...market,
    tokens: createSecretTokens({ keys: [{ id: 'k1', secret: Buffer.alloc(32, 7) }] }),
    gateways: new Map([['stripe', gateway]]),
    statements: [createStripeStatements({ secretKey: SECRET_KEY, apiUrl: stripe.url })],
    mailer: { send: async (message) => void (await delivery.mail(() => mailer.send(message))) },
    messenger: {
      send: async (message) =>
        (await delivery.text(() => messenger.send(message))) as Awaited<ReturnType<typeof messenger.send>>,
    },
    flows,
    index: null,
    source: createLineSource(),
    currency: 'USD',
    pricesIncludeTax: false,
    reservationMs,
    warningMs: 60_000,
    publicUrl: 'https://shop.example',
    alertMail: 'stock@perdure.example',
    sliceMs: 20_000,
    now: () => new Date(Date.now() + ahead),
    log: { warn: note, error: note },
  };
  const activities = faults.wrap({ ...createActivities(deps), ...more });

  /** A worker as another process would run it. */
  async function startWorker({ bundle, dormantPatches = [] }: Release): Promise<{ stop(): Promise<void> }> {
    const connection = await NativeConnection.connect({ address });
    const worker = await Worker.create({
      connection,
      taskQueue,
      workflowBundle: bundle === undefined ? workflowBundle : { codePath: bundle },
      ...sleeping(dormantPatches),
      activities,
      stickyQueueScheduleToStartTimeout: '1s',
      shutdownGraceTime: '5s',
    });
    const running = worker.run();
    return {
      async stop() {
        worker.shutdown();
        await running;
        await connection.close();
      },
    };
  }

  let worker = await startWorker(release);

  const isRunning = async (handle: WorkflowHandle): Promise<boolean> =>
    (await handle.describe()).status.name === 'RUNNING';
  const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

  async function until(holds: () => Promise<boolean>, what: string, stepMs = 5_000): Promise<void> {
    for (let rounds = 0; rounds < 200; rounds += 1) {
      for (let tries = 0; tries < 12; tries += 1) {
        if (await holds()) return;
        await wait(tries * 5);
      }
      if (stepMs > 0) await environment.sleep(stepMs);
    }
    throw new Error(`never happened: ${what}`);
  }

  return {
    ...market,
    stripe,
    gateway,
    vonage,
    mailer,
    faults,
    logged,
    delivery,
    environment,
    client,
    flows,
    taskQueue,
    deps,
    wait,

    /** The worker's clock and the provider's, from now on; Temporal's is moved by `sleep`. */
    async later(ms: number): Promise<void> {
      ahead += ms;
      await stripe.post('/test/clock', { advance_seconds: Math.round(ms / 1_000) });
    },

    /** Temporal's time passes: timers fire, retries come due. */
    sleep: (ms: number): Promise<void> => environment.sleep(ms),

    handle: (workflowId: string): WorkflowHandle => client.workflow.getHandle(workflowId),

    /** Starts a flow by its name, as the API or the outbox does. */
    start: (flow: string, workflowId: string, input: object = {}): Promise<WorkflowHandle> =>
      client.workflow.start(flow, { taskQueue, workflowId, args: [input] }),

    /**
     * Waits until the condition holds, letting `stepMs` of Temporal's time pass whenever nothing happened for a while.
     * With 0 only real time passes.
     */
    until,

    /** The flow's result. @throws WorkflowFailedError when it failed */
    async ended<T = unknown>(workflowId: string, stepMs?: number): Promise<T> {
      const handle = client.workflow.getHandle(workflowId);
      await until(async () => !(await isRunning(handle)), `the end of ${workflowId}`, stepMs);
      return (await handle.result()) as T;
    },

    /** Stops the worker and starts another, which knows of nothing: `draining` runs while the old one ends its work. */
    async restartWorker({ draining = nothing, down = nothing, release: next = release }: Restart = {}): Promise<void> {
      const stopped = worker.stop();
      await draining();
      await stopped;
      await down();
      worker = await startWorker(next);
    },

    async reset(): Promise<void> {
      faults.reset();
      logged.length = 0;
      Object.assign(delivery, { mail: straight, text: straight });
      ahead = 0;
      await stripe.post('/test/reset', {});
    },

    async close(): Promise<void> {
      await worker.stop();
      await environment.teardown();
      mailer.close();
      await vonage.close();
      await stripe.close();
      await market.close();
    },
  };
}

export type FlowWorld = Awaited<ReturnType<typeof openFlowWorld>>;
