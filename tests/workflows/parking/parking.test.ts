import { fileURLToPath } from 'node:url';
import type { ApplicationFailure } from '@temporalio/common';
import { WorkflowUpdateFailedError, type WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { ensureSearchAttributes } from '../../../src/infra/temporal/namespace.js';
import { refusing } from '../../../src/activities/failures.js';
import { DomainError } from '../../../src/domain/kernel/errors.js';
import { NEEDS_ATTENTION, CHECKOUT_STATUS } from '../../../src/workflows/attributes.js';
import { RETRY_STEP } from '../../../src/workflows/contracts.js';
import { installRuntime } from '../../../src/infra/temporal/worker.js';
import { describeWith } from '../../support/services.js';
import { startTimeSkipping } from '../../support/time-skipping.js';
import type * as flows from './flows.js';

const TASK_QUEUE = 'parking';
const silent = { warn: () => undefined, error: () => undefined };

describeWith('test-server', 'parking', () => {
  let environment: TestWorkflowEnvironment;
  let worker: Worker;
  let running: Promise<void>;
  let calls: string[];
  let work: (name: string) => Promise<string>;

  beforeAll(async () => {
    installRuntime(silent);
    environment = await startTimeSkipping();
    await ensureSearchAttributes(environment.client, 'default');
    await ensureSearchAttributes(environment.client, 'default');
    worker = await Worker.create({
      connection: environment.nativeConnection,
      taskQueue: TASK_QUEUE,
      workflowsPath: fileURLToPath(new URL('./flows.ts', import.meta.url)),
      activities: refusing(
        {
          work: async (name: string) => {
            calls.push(name);
            return work(name);
          },
        },
        { log: silent },
      ),
    });
    running = worker.run();
  }, 180_000);

  afterAll(async () => {
    worker.shutdown();
    await running;
    await environment.teardown();
  });

  beforeEach(() => {
    calls = [];
    work = async (name) => `done: ${name}`;
  });

  const start = (flow: keyof typeof flows): Promise<WorkflowHandle> =>
    environment.client.workflow.start(flow, { taskQueue: TASK_QUEUE, workflowId: `${flow}-${Math.random()}` });

  async function detailsOf(handle: WorkflowHandle): Promise<string> {
    const metadata = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
    return metadata.currentDetails ?? '';
  }

  async function attributesOf(
    handle: WorkflowHandle,
  ): Promise<{ attention: boolean | undefined; status: string | undefined }> {
    const { typedSearchAttributes } = await handle.describe();
    return {
      attention: typedSearchAttributes.get(NEEDS_ATTENTION),
      status: typedSearchAttributes.get(CHECKOUT_STATUS),
    };
  }

  async function eventsOf(handle: WorkflowHandle): Promise<string[]> {
    const { events } = await handle.fetchHistory();
    return (events ?? []).flatMap((event) => Object.keys(event).filter((key) => key.endsWith('EventAttributes')));
  }

  /** Lets the flow's time pass until it is stuck. */
  async function untilStuck(handle: WorkflowHandle): Promise<string> {
    for (let tries = 0; tries < 30; tries += 1) {
      const details = await detailsOf(handle);
      if (details.includes('Needs attention')) return details;
      await environment.sleep('5s');
    }
    throw new Error('the flow never asked for attention');
  }

  test('a step, when nothing is wrong, is one activity without a timer or a mark', async () => {
    const handle = await start('oneStep');
    await expect(handle.result()).resolves.toBe('done: one');
    const events = await eventsOf(handle);
    expect(events.filter((event) => event === 'activityTaskScheduledEventAttributes')).toHaveLength(1);
    expect(events).not.toContain('timerStartedEventAttributes');
    expect(events).not.toContain('upsertWorkflowSearchAttributesEventAttributes');
  });

  test('a step, when it refuses, ends at once with its code', async () => {
    work = async () => Promise.reject(new DomainError('out_of_stock', 'not enough stock'));
    const handle = await start('refusedStep');
    await expect(handle.result()).resolves.toBe('out_of_stock');
    expect(calls).toEqual(['one']);
  });

  test('a step, when its cause lasts a minute, asks for attention and goes on by itself', async () => {
    work = async (name) => (calls.length < 12 ? Promise.reject(new Error('down')) : `done: ${name}`);
    const handle = await start('oneStep');
    await expect(handle.result()).resolves.toBe('done: one');
    expect(calls.length).toBeGreaterThanOrEqual(12);
    expect((await eventsOf(handle)).filter((event) => event.startsWith('upsert'))).toHaveLength(2);
    await expect(attributesOf(handle)).resolves.toEqual({ attention: false, status: 'going' });
    await expect(detailsOf(handle)).resolves.toBe('Working');
  });

  test('a stuck step, while it waits, says what is stuck, why, and what helps', async () => {
    let down = true;
    work = async (name) => (down ? Promise.reject(new Error('down')) : `done: ${name}`);
    const handle = await start('oneStep');
    const details = await untilStuck(handle);
    expect(details).toContain('Working');
    expect(details).toContain('Do the work');
    expect(details).toContain('provider_unavailable');
    expect(details).toContain('retryStep');
    expect(details).toContain('`giveUp` ends it.');
    await expect(attributesOf(handle)).resolves.toEqual({ attention: true, status: 'needs_attention' });
    down = false;
    await expect(handle.result()).resolves.toBe('done: one');
  });

  test('retryStep, when a step is stuck, cancels it and schedules it anew', async () => {
    let down = true;
    work = async (name) => (down ? Promise.reject(new Error('down')) : `done: ${name}`);
    const handle = await start('oneStep');
    await untilStuck(handle);
    await expect(handle.executeUpdate(RETRY_STEP)).resolves.toEqual(['Do the work']);
    down = false;
    await expect(handle.result()).resolves.toBe('done: one');
    const events = await eventsOf(handle);
    expect(events).toContain('activityTaskCanceledEventAttributes');
    expect(events.filter((event) => event === 'activityTaskScheduledEventAttributes')).toHaveLength(3);
    expect(events.filter((event) => event.startsWith('upsert'))).toHaveLength(2);
  });

  test('retryStep, when no step of that name is stuck, is refused', async () => {
    work = async () => Promise.reject(new Error('down'));
    const handle = await start('oneStep');
    await untilStuck(handle);
    const refused = await handle
      .executeUpdate(RETRY_STEP, { args: ['Something else'] })
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(WorkflowUpdateFailedError);
    expect((refused as WorkflowUpdateFailedError).cause).toMatchObject({
      type: 'invalid_transition',
    } satisfies Partial<ApplicationFailure>);
    await handle.terminate();
  });

  test('a stuck step, when its scope is cancelled, ends cancelled and takes its mark away', async () => {
    work = async () => Promise.reject(new Error('down'));
    const handle = await start('abandonedStep');
    await untilStuck(handle);
    await handle.signal('giveUp');
    await expect(handle.result()).resolves.toBe('given up');
    await expect(attributesOf(handle)).resolves.toMatchObject({ attention: false });
  });

  test('two steps side by side, when both are stuck, are shown together and marked once', async () => {
    let down = true;
    work = async (name) => (down ? Promise.reject(new Error('down')) : `done: ${name}`);
    const handle = await start('twoSteps');
    let details = await untilStuck(handle);
    if (!(details.includes('First') && details.includes('Second'))) {
      await environment.sleep('5s');
      details = await detailsOf(handle);
    }
    expect(details).toContain('First');
    expect(details).toContain('Second');
    down = false;
    await expect(handle.result()).resolves.toEqual(['done: first', 'done: second']);
    expect((await eventsOf(handle)).filter((event) => event.startsWith('upsert'))).toHaveLength(2);
  });

  test('a local step, when nothing is wrong, schedules no remote activity', async () => {
    const handle = await start('localStep');
    await expect(handle.result()).resolves.toBe('done: local');
    expect(await eventsOf(handle)).not.toContain('activityTaskScheduledEventAttributes');
  });

  test('a local step, when it fails twice, goes on remotely', async () => {
    work = async (name) => (calls.length < 3 ? Promise.reject(new Error('down')) : `done: ${name}`);
    const handle = await start('localStep');
    await expect(handle.result()).resolves.toBe('done: local');
    expect(calls).toHaveLength(3);
    expect((await eventsOf(handle)).filter((event) => event === 'activityTaskScheduledEventAttributes')).toHaveLength(
      1,
    );
  });
});
