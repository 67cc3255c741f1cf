import { fileURLToPath } from 'node:url';
import { WorkflowFailedError, type Client, type Connection, type WorkflowHandle } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { lostDatabase } from '../../../dev/launcher/services/temporal.js';
import { DomainError } from '../../../src/domain/kernel/errors.js';
import { newId } from '../../../src/domain/kernel/ids.js';
import { createTemporalClient, createTemporalConnection } from '../../../src/infra/temporal/connection.js';
import { createFlowDesk } from '../../../src/infra/temporal/flow-desk.js';
import { createFlows } from '../../../src/infra/temporal/flows.js';
import { ensureSchedules, ensureSearchAttributes } from '../../../src/infra/temporal/namespace.js';
import { installRuntime } from '../../../src/infra/temporal/worker.js';
import { CHECKOUT_STATUS, CUSTOMER_ID, ORDER_ID } from '../../../src/workflows/attributes.js';
import { checkoutWorkflowId, confirmEmailWorkflowId, type Flows } from '../../../src/workflows/contracts.js';
import { describeWith, serviceUrl } from '../../support/services.js';

const NAMESPACE = { namespace: 'default' };

describeWith('temporal', 'flows', () => {
  const taskQueue = `flows-${newId()}`;
  let native: NativeConnection;
  let connection: Connection;
  let client: Client;
  let worker: Worker;
  let running: Promise<void>;
  let flows: Flows;

  beforeAll(async () => {
    installRuntime({ warn: () => undefined, error: () => undefined });
    native = await NativeConnection.connect({ address: serviceUrl('temporal') });
    worker = await Worker.create({
      connection: native,
      taskQueue,
      workflowsPath: fileURLToPath(new URL('./flows-under-test.ts', import.meta.url)),
    });
    running = worker.run();
    connection = createTemporalConnection({ address: serviceUrl('temporal') });
    client = createTemporalClient(connection, NAMESPACE);
    await ensureSearchAttributes(client, NAMESPACE.namespace);
    flows = createFlows({ client, taskQueue });
  }, 180_000);

  afterAll(async () => {
    worker.shutdown();
    await running;
    await connection.close();
    await native.close();
  });

  const whose = { orderId: newId(), customerId: newId() };
  const runsOf = async (workflowId: string): Promise<string> =>
    (await client.workflow.getHandle(workflowId).describe()).runId;

  describe('start', () => {
    test('when the flow runs or is closed already, leaves it alone and succeeds', async () => {
      const confirmationId = newId();
      const workflowId = confirmEmailWorkflowId(confirmationId);
      await flows.start('confirmEmail', workflowId, { confirmationId }, whose);
      const runId = await runsOf(workflowId);
      await flows.start('confirmEmail', workflowId, { confirmationId });
      await expect(flows.signal(workflowId, 'finish', 'done')).resolves.toBe(true);
      await expect(client.workflow.result(workflowId)).resolves.toBe('done');
      await flows.start('confirmEmail', workflowId, { confirmationId });
      await expect(runsOf(workflowId)).resolves.toBe(runId);
      const { typedSearchAttributes } = await client.workflow.getHandle(workflowId).describe();
      expect(typedSearchAttributes.get(ORDER_ID)).toBe(whose.orderId);
    });
  });

  describe('checkoutOutcome', () => {
    test('when it is asked at once from many sides and again after the end, always gives the one outcome', async () => {
      const checkoutId = newId();
      const outcome = { kind: 'outcome', outcome: { checkoutId, status: 'placed', code: null } };
      const answers = await Promise.all([1, 2, 3, 4].map(() => flows.checkoutOutcome(checkoutId, whose, 10_000)));
      expect(answers).toEqual([outcome, outcome, outcome, outcome]);
      await client.workflow.result(checkoutWorkflowId(checkoutId));
      await expect(flows.checkoutOutcome(checkoutId, whose, 10_000)).resolves.toEqual(outcome);
      const { typedSearchAttributes } = await client.workflow.getHandle(checkoutWorkflowId(checkoutId)).describe();
      expect([ORDER_ID, CUSTOMER_ID, CHECKOUT_STATUS].map((key) => typedSearchAttributes.get(key))).toEqual([
        whose.orderId,
        whose.customerId,
        'accepted',
      ]);
    });

    test('when the flow takes longer than we wait, is undecided, and decided when asked again', async () => {
      const checkoutId = `slow-${newId()}`;
      const guest = { orderId: newId(), customerId: null };
      await expect(flows.checkoutOutcome(checkoutId, guest, 1_500)).resolves.toEqual({ kind: 'undecided' });
      await expect(flows.state(checkoutWorkflowId(checkoutId))).resolves.toBe('running');
      await flows.signal(checkoutWorkflowId(checkoutId), 'finish', '');
      await expect(flows.checkoutOutcome(checkoutId, guest, 10_000)).resolves.toMatchObject({
        outcome: { status: 'placed' },
      });
    });

    test('when no worker is there, is undecided, but the flow exists', async () => {
      const idle = createFlows({ client, taskQueue: `${taskQueue}-nobody` });
      const checkoutId = newId();
      await expect(idle.checkoutOutcome(checkoutId, whose, 500)).resolves.toEqual({ kind: 'undecided' });
      await expect(idle.state(checkoutWorkflowId(checkoutId))).resolves.toBe('running');
      await client.workflow.getHandle(checkoutWorkflowId(checkoutId)).terminate();
    });
  });

  describe('signal, update and state', () => {
    test('when no such flow exists, say so', async () => {
      await expect(flows.signal('nothing', 'finish', 'x')).resolves.toBe(false);
      await expect(flows.state('nothing')).resolves.toBe('absent');
      await expect(flows.update('nothing', 'echo', 'x')).rejects.toMatchObject({ code: 'not_found' });
    });

    test('when the flow is closed, say so', async () => {
      const confirmationId = newId();
      const workflowId = confirmEmailWorkflowId(confirmationId);
      await flows.start('confirmEmail', workflowId, { confirmationId });
      await flows.signal(workflowId, 'finish', 'done');
      await client.workflow.result(workflowId);
      await expect(flows.state(workflowId)).resolves.toBe('closed');
      await expect(flows.signal(workflowId, 'finish', 'x')).resolves.toBe(false);
      await expect(flows.update(workflowId, 'echo', 'x')).rejects.toMatchObject({ code: 'not_found' });
    });

    test.each<['cancelled' | 'terminated', (handle: WorkflowHandle) => Promise<unknown>]>([
      ['cancelled', (handle) => handle.cancel()],
      ['terminated', (handle) => handle.terminate()],
    ])('when a person has %s the flow, say that it is stopped', async (_, end) => {
      const confirmationId = newId();
      const workflowId = confirmEmailWorkflowId(confirmationId);
      await flows.start('confirmEmail', workflowId, { confirmationId });
      const handle = client.workflow.getHandle(workflowId);
      await end(handle);
      await expect(handle.result()).rejects.toBeInstanceOf(WorkflowFailedError);
      await expect(flows.state(workflowId)).resolves.toBe('stopped');
      await expect(flows.signal(workflowId, 'finish', 'x')).resolves.toBe(false);
    });

    test('update gives the answer, or the refusal with the code and the ids of the flow', async () => {
      const confirmationId = newId();
      const workflowId = confirmEmailWorkflowId(confirmationId);
      await flows.start('confirmEmail', workflowId, { confirmationId });
      await expect(flows.update(workflowId, 'echo', 'hello')).resolves.toBe('hello');
      const refused = await flows.update(workflowId, 'refuse', 'invalid_transition').catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(DomainError);
      expect(refused).toMatchObject({ code: 'invalid_transition', data: { confirmationId } });
      await expect(flows.update(workflowId, 'refuse', 'NotOurs')).rejects.not.toBeInstanceOf(DomainError);
      await flows.signal(workflowId, 'finish', 'done');
    });
  });

  test('every call, when Temporal denies its namespace as a server does that lost its database, is temporarily unavailable', async () => {
    const lost = { namespace: `lost-${newId()}` };
    const denied = createFlows({ client: createTemporalClient(connection, lost), taskQueue });
    const desk = createFlowDesk({ client: createTemporalClient(connection, lost), ...lost, taskQueue, uiUrl: '' });
    const unavailable = { code: 'temporarily_unavailable' };
    await expect(denied.start('confirmEmail', 'x', { confirmationId: 'x' })).rejects.toMatchObject(unavailable);
    await expect(denied.signal('x', 'finish')).rejects.toMatchObject(unavailable);
    await expect(denied.update('x', 'finish')).rejects.toMatchObject(unavailable);
    await expect(denied.state('x')).rejects.toMatchObject(unavailable);
    await expect(
      desk.list({ status: null, needsAttention: null, type: null, orderId: null, limit: 1 }),
    ).rejects.toMatchObject(unavailable);
    await expect(denied.checkoutOutcome('x', whose, 500)).resolves.toEqual({ kind: 'undecided' });
  });

  test('lostDatabase, of a server that denies a namespace, says so, and of a sound one nothing', async () => {
    const address = serviceUrl('temporal');
    await expect(lostDatabase(address, `lost-${newId()}`)).resolves.toMatch(/Namespace \S+ is not found/);
    await expect(lostDatabase(address)).resolves.toBeUndefined();
  });

  test('every call, when Temporal is away, is refused as temporarily unavailable, and the checkout is undecided', async () => {
    const nowhere = createTemporalConnection({ address: '127.0.0.1:9' });
    const away = createFlows({ client: createTemporalClient(nowhere, NAMESPACE), taskQueue });
    const unavailable = { code: 'temporarily_unavailable' };
    await Promise.all([
      expect(away.start('confirmEmail', 'x', { confirmationId: 'x' })).rejects.toMatchObject(unavailable),
      expect(away.signal('x', 'finish')).rejects.toMatchObject(unavailable),
      expect(away.update('x', 'echo')).rejects.toMatchObject(unavailable),
      expect(away.state('x')).rejects.toMatchObject(unavailable),
      expect(away.checkoutOutcome('x', whose, 500)).resolves.toEqual({ kind: 'undecided' }),
    ]);
    await nowhere.close();
  });

  test('schedules, when several workers make them, exist once', async () => {
    await Promise.all([1, 2].map(() => ensureSchedules(client, taskQueue)));
    await ensureSchedules(client, taskQueue);
    const handle = client.schedule.getHandle(`reservation-sweep-${taskQueue}`);
    const { spec, policies, action } = await handle.describe();
    expect(spec.intervals).toMatchObject([{ every: 30_000 }]);
    expect(policies.overlap).toBe('SKIP');
    expect(action).toMatchObject({ workflowType: 'reservationSweep', taskQueue });
    await handle.delete();
  });
});
