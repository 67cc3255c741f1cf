import { fileURLToPath } from 'node:url';
import { WorkflowNotFoundError, type WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger, Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { refusing } from '../../../src/activities/failures.js';
import type { NotificationActivities, OrderNotice } from '../../../src/activities/notifications.js';
import { newId } from '../../../src/domain/kernel/ids.js';
import {
  DeliveryError,
  type Channel,
  type DeliveryStatus,
  type PendingMessage,
} from '../../../src/domain/notifications/index.js';
import { ensureSearchAttributes } from '../../../src/infra/temporal/namespace.js';
import { installRuntime } from '../../../src/infra/temporal/worker.js';
import { NEEDS_ATTENTION, ORDER_ID } from '../../../src/workflows/attributes.js';
import { notifyWorkflowId } from '../../../src/workflows/contracts.js';
import { describeWith } from '../../support/services.js';
import { startTimeSkipping } from '../../support/time-skipping.js';

const TASK_QUEUE = 'telling';
type Wanted = Pick<NotificationActivities, 'sendOrderEmail' | 'sendOrderText' | 'tellCustomer' | 'findPendingMessages'>;

describeWith('test-server', 'telling', () => {
  let environment: TestWorkflowEnvironment;
  let worker: Worker;
  let running: Promise<void>;
  let workflowBundle: WorkflowBundleWithSourceMap;

  /** The rows of one order, as the database would hold them. */
  let rows: Map<string, PendingMessage & { status: DeliveryStatus | 'pending' }>;
  let sent: string[];
  let down: Set<Channel>;

  const queue = (event: OrderNotice['event']): void => {
    for (const channel of ['email', 'sms'] as const)
      rows.set(`${event}/${channel}`, { notificationId: newId(), event, channel, status: 'pending' });
  };

  async function send(channel: Channel, { event }: OrderNotice): Promise<DeliveryStatus> {
    const row = rows.get(`${event}/${channel}`);
    if (row === undefined) throw new Error('never queued');
    if (row.status !== 'pending') return row.status;
    if (down.has(channel)) throw new DeliveryError(channel === 'email' ? 'mail' : 'sms', 'connection', false);
    sent.push(`${event}/${channel}`);
    row.status = 'sent';
    return 'sent';
  }

  beforeAll(async () => {
    installRuntime({ warn: () => undefined, error: () => undefined });
    const logger = new DefaultLogger('ERROR');
    workflowBundle = await bundleWorkflowCode({
      workflowsPath: fileURLToPath(new URL('./telling-flow.ts', import.meta.url)),
      logger,
    });
  }, 180_000);

  // a server of its own for each: once a flow has had children it does not skip time any more
  beforeEach(async () => {
    rows = new Map();
    sent = [];
    down = new Set();
    environment = await startTimeSkipping();
    await ensureSearchAttributes(environment.client, 'default');
    const activities: Wanted = {
      sendOrderEmail: (notice) => send('email', notice),
      sendOrderText: (notice) => send('sms', notice),
      tellCustomer: async (notice) => {
        const endings = await Promise.allSettled([send('email', notice), send('sms', notice)]);
        for (const ending of endings) if (ending.status === 'rejected') throw ending.reason;
      },
      findPendingMessages: async () => [...rows.values()].filter(({ status }) => status === 'pending'),
    };
    worker = await Worker.create({
      connection: environment.nativeConnection,
      taskQueue: TASK_QUEUE,
      workflowBundle,
      activities: refusing(activities, { log: { warn: () => undefined, error: () => undefined } }),
    });
    running = worker.run();
  });

  afterEach(async () => {
    worker.shutdown();
    await running;
    await environment.teardown();
  });

  const tells = (orderId: string, event: OrderNotice['event']): Promise<string> =>
    environment.client.workflow.execute('telling', {
      taskQueue: TASK_QUEUE,
      workflowId: newId(),
      args: [orderId, event],
    });
  const notifier = (orderId: string): WorkflowHandle =>
    environment.client.workflow.getHandle(notifyWorkflowId(orderId));

  async function detailsOf(handle: WorkflowHandle): Promise<string> {
    return (await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata')).currentDetails ?? '';
  }

  async function untilStuck(handle: WorkflowHandle): Promise<string> {
    for (let tries = 0; tries < 30; tries += 1) {
      const details = await detailsOf(handle);
      if (details.includes('Needs attention')) return details;
      await environment.sleep('5s');
    }
    throw new Error('the flow never asked for attention');
  }

  test('tell, when both channels work, tells on both and starts no other flow', async () => {
    const orderId = newId();
    queue('order_confirmed');
    await expect(tells(orderId, 'order_confirmed')).resolves.toBe('told');
    expect([...sent].sort()).toEqual(['order_confirmed/email', 'order_confirmed/sms']);
    await expect(notifier(orderId).describe()).rejects.toThrow(WorkflowNotFoundError);
  });

  test('tell, when mail is down, ends anyway, and notify mails when the server is back', async () => {
    const orderId = newId();
    queue('order_confirmed');
    down.add('email');
    await expect(tells(orderId, 'order_confirmed')).resolves.toBe('handed_over');
    expect(sent).toEqual(['order_confirmed/sms']);

    const details = await untilStuck(notifier(orderId));
    expect(details).toContain('order confirmed by email');
    expect(details).toContain('mail_unavailable');
    const { typedSearchAttributes } = await notifier(orderId).describe();
    expect(typedSearchAttributes.get(NEEDS_ATTENTION)).toBe(true);
    expect(typedSearchAttributes.get(ORDER_ID)).toBe(orderId);

    down.clear();
    await expect(notifier(orderId).result()).resolves.toEqual({ told: 1 });
    expect(sent).toEqual(['order_confirmed/sms', 'order_confirmed/email']);
    expect((await notifier(orderId).describe()).typedSearchAttributes.get(NEEDS_ATTENTION)).toBe(false);
  });

  test('tell, when another event of the order is still being told, leaves its own to the same flow', async () => {
    const orderId = newId();
    queue('order_confirmed');
    down.add('email').add('sms');
    await tells(orderId, 'order_confirmed');
    await untilStuck(notifier(orderId));
    const { runId } = await notifier(orderId).describe();
    queue('order_cancelled');
    await expect(tells(orderId, 'order_cancelled')).resolves.toBe('handed_over');
    expect((await notifier(orderId).describe()).runId).toBe(runId);
    down.clear();
    await expect(notifier(orderId).result()).resolves.toEqual({ told: 4 });
    expect([...sent].sort()).toEqual([
      'order_cancelled/email',
      'order_cancelled/sms',
      'order_confirmed/email',
      'order_confirmed/sms',
    ]);
  });

  test('tell, when an earlier notify of the order has ended, starts it anew', async () => {
    const orderId = newId();
    queue('order_confirmed');
    const first = await environment.client.workflow.start('notify', {
      taskQueue: TASK_QUEUE,
      workflowId: notifyWorkflowId(orderId),
      args: [{ orderId }],
    });
    await expect(first.result()).resolves.toEqual({ told: 2 });
    queue('order_cancelled');
    down.add('sms');
    await expect(tells(orderId, 'order_cancelled')).resolves.toBe('handed_over');
    down.clear();
    await expect(notifier(orderId).result()).resolves.toEqual({ told: 1 });
    expect(sent).toHaveLength(4);
  });

  test('notify, when nothing is left to tell, ends', async () => {
    await expect(
      environment.client.workflow.execute('notify', {
        taskQueue: TASK_QUEUE,
        workflowId: newId(),
        args: [{ orderId: newId() }],
      }),
    ).resolves.toEqual({ told: 0 });
  });
});
