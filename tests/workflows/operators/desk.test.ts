import { newId } from '../../../src/domain/kernel/ids.js';
import { createFlowDesk } from '../../../src/infra/temporal/flow-desk.js';
import type { FlowDesk, FlowFilter, FlowView } from '../../../src/workflows/contracts.js';
import { before, frozen } from '../../support/faulty-activities.js';
import { accepted, endState, submit, UNDONE, type Purchase } from '../../support/flow-checkout.js';
import { historyText } from '../../support/flow-history.js';
import { openFlowWorld, type FlowWorld } from '../../support/flow-world.js';
import { describeWith } from '../../support/services.js';

describeWith(['postgres', 'temporal', 'mail', 'inbox'], 'the flow desk', () => {
  let world: FlowWorld;
  let desk: FlowDesk;
  let stuck: Purchase[];
  let placed: Purchase;

  const list = (change: Partial<FlowFilter> = {}) =>
    desk.list({ status: 'running', needsAttention: null, type: null, orderId: null, limit: 20, ...change });
  const ids = (views: readonly FlowView[]): string[] => views.map(({ workflowId }) => workflowId).sort();
  const audited = (workflowId: string) =>
    world.shop.rows<{ action: string; actor_type: string; actor_id: string; data: object }>(
      'select action, actor_type, actor_id, data from audit_log where object_id = ? order by id',
      [workflowId],
    );

  // Stuck flows take their 20 s; every test looks at the same ones.
  beforeAll(async () => {
    world = await openFlowWorld({ server: 'dev' });
    desk = createFlowDesk({
      client: world.client,
      namespace: 'default',
      taskQueue: world.taskQueue,
      uiUrl: 'https://temporal.example/',
    });
    placed = await accepted(world);
    await submit(world, placed);
    await world.ended(placed.workflowId, 0);
    world.faults.always('authorisePayment', before);
    stuck = await Promise.all([1, 2].map(() => accepted(world)));
    await Promise.all(stuck.map((purchase) => submit(world, purchase, 1_000)));
    await world.until(async () => (await list({ needsAttention: true })).data.length === 2, 'two stuck flows', 500);
  }, 90_000);
  afterAll(() => world?.close());

  test('list, by what needs attention, shows each stuck flow with what is stuck and its link', async () => {
    const { data, nextCursor } = await list({ needsAttention: true });
    expect(ids(data)).toEqual(stuck.map(({ workflowId }) => workflowId).sort());
    expect(nextCursor).toBeNull();
    const [flow] = data;
    expect(flow).toMatchObject({ type: 'checkout', status: 'running', needsAttention: true, closedAt: null });
    expect(flow?.summary).toContain(flow?.workflowId);
    expect(flow?.details).toContain('**Needs attention: Authorise the payment** (`injected`)');
    expect(flow?.details).toContain('cancelCheckout');
    expect(flow?.url).toBe(
      `https://temporal.example/namespaces/default/workflows/${flow?.workflowId ?? ''}/${flow?.runId ?? ''}`,
    );
  });

  test('list, by status, type or order, shows those alone; of this task queue only', async () => {
    expect(ids((await list({ needsAttention: false })).data)).toEqual([]);
    expect(ids((await list({ type: 'notify' })).data)).toEqual([]);
    const done = (await list({ status: 'completed', type: 'checkout' })).data;
    expect(ids(done)).toEqual([placed.workflowId]);
    expect(done[0]).toMatchObject({ orderId: placed.orderId, details: null, closedAt: expect.any(String) });
    expect(ids((await list({ status: null, orderId: stuck[0]?.orderId ?? '' })).data)).toEqual([stuck[0]?.workflowId]);
    expect((await list({ status: null, orderId: newId() })).data).toEqual([]);
  });

  test('list, page by page, shows every flow once, and refuses cursors that are not its own', async () => {
    const seen: string[] = [];
    const foreign = (await list({ limit: 1, status: 'running' })).nextCursor;
    for (let cursor: string | undefined; ;) {
      const { data, nextCursor } = await list({ status: null, limit: 1, cursor });
      expect(data.length).toBeLessThanOrEqual(1);
      seen.push(...ids(data));
      if (nextCursor === null) break;
      cursor = nextCursor;
    }
    expect(seen.sort()).toEqual([...stuck, placed].map(({ workflowId }) => workflowId).sort());
    expect(foreign).not.toBeNull();
    for (const cursor of ['x', Buffer.from('["bm90IG91cnM=","x"]').toString('base64url'), foreign ?? ''])
      await expect(list({ cursor, status: null })).rejects.toMatchObject({ code: 'validation_failed' });
  });

  test('retry, given twice as one command, is audited once with who and why, and nothing free gets in', async () => {
    const { workflowId } = stuck[0] as Purchase;
    const command = { by: newId(), reason: 'cause_mended', updateId: newId() } as const;
    await expect(desk.retry(workflowId, command)).resolves.toEqual(['Authorise the payment']);
    await expect(desk.retry(workflowId, command)).resolves.toEqual(['Authorise the payment']);
    expect(await audited(workflowId)).toEqual([
      {
        action: 'flow.retryStep',
        actor_type: 'user',
        actor_id: command.by,
        data: { reason: 'cause_mended', update_id: command.updateId, steps: ['Authorise the payment'] },
      },
    ]);
    const update = (args: [unknown, unknown]) =>
      world.handle(workflowId).executeUpdate<string[], [unknown, unknown]>('retryStep', { args });
    for (const because of [
      { by: 'Anna Lee <anna@example.com>', reason: 'other' },
      { by: 'anna', reason: 'the customer Ada called' },
      { by: 'anna', reason: 'other', note: 'free text' },
    ])
      await expect(update([null, because])).rejects.toMatchObject({ cause: { type: 'validation_failed' } });
    expect(await historyText(world.handle(workflowId))).not.toMatch(/anna@example|Ada called|free text/);

    await update([null, { by: 'anna', reason: 'took_too_long' }]);
    expect((await audited(workflowId)).at(-1)).toMatchObject({ actor_type: 'operator', actor_id: 'anna' });
  });

  test('retry and cancel, of flows that are not there, closed, of others, or not stuck, are refused', async () => {
    const command = { by: 'anna', reason: 'other', updateId: newId() } as const;
    await expect(desk.retry(`checkout-${newId()}`, command)).rejects.toMatchObject({ code: 'not_found' });
    await expect(desk.cancel(placed.workflowId, command)).rejects.toMatchObject({ code: 'not_found' });
    await expect(
      desk.retry((stuck[0] as Purchase).workflowId, { ...command, step: 'Capture the payment' }),
    ).rejects.toMatchObject({ code: 'invalid_transition' });
    const elsewhere = createFlowDesk({
      client: world.client,
      namespace: 'default',
      taskQueue: 'another',
      uiUrl: null,
    });
    await expect(elsewhere.cancel((stuck[0] as Purchase).workflowId, command)).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  test('cancel has a stuck checkout undone in full, and says who and why', async () => {
    const purchase = stuck[1] as Purchase;
    const command = { by: newId(), reason: 'fraud_suspected', updateId: newId() } as const;
    await desk.cancel(purchase.workflowId, command);
    await expect(world.ended(purchase.workflowId, 0)).resolves.toMatchObject({ status: 'cancelled' });
    expect(await endState(world, purchase)).toMatchObject(UNDONE);
    expect(await audited(purchase.workflowId)).toEqual([
      {
        action: 'flow.cancelCheckout',
        actor_type: 'user',
        actor_id: command.by,
        data: { reason: 'fraud_suspected', update_id: command.updateId },
      },
    ]);
  });

  test('retry, when the cause is gone, lets the flow go on at once', async () => {
    const { workflowId } = stuck[0] as Purchase;
    const retry = () => desk.retry(workflowId, { by: 'anna', reason: 'cause_mended', updateId: newId() });
    const hanging = frozen();
    world.faults.always('authorisePayment', (run) => hanging.fault(() => before(run)));
    await retry();
    await hanging.begun;
    // nothing but the retry lets it go on while this attempt hangs
    world.faults.lift('authorisePayment');
    try {
      await expect(retry()).resolves.toEqual(['Authorise the payment']);
      await expect(world.ended(workflowId, 0)).resolves.toMatchObject({ status: 'placed' });
    } finally {
      await hanging.letGo();
    }
    const { events } = await world.handle(workflowId).fetchHistory();
    const told = events?.findLastIndex((event) => event.workflowExecutionUpdateAcceptedEventAttributes != null) ?? -1;
    const scheduled = events
      ?.slice(told)
      .flatMap((event) => event.activityTaskScheduledEventAttributes?.activityType?.name ?? []);
    expect(scheduled).toContain('authorisePayment');
  });
});
