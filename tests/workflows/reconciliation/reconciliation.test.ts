import { newId } from '../../../src/domain/kernel/ids.js';
import { decideDifference, listDifferences, type Difference } from '../../../src/domain/reconciliation/index.js';
import { reconciliationRepairWorkflowId } from '../../../src/workflows/contracts.js';
import { after, before } from '../../support/faulty-activities.js';
import { detailsOf } from '../../support/flow-history.js';
import { openFlowWorld, type FlowWorld } from '../../support/flow-world.js';
import { describeWith } from '../../support/services.js';

// Time passes here as it does outside: an activity that fails in the middle keeps no clock from being skipped.
describeWith(['postgres', 'temporal', 'mail'], 'the flows that lay books beside each other', () => {
  let world: FlowWorld;
  let userId: string;
  beforeAll(async () => {
    world = await openFlowWorld({ server: 'dev' });
    userId = await world.shop.user({ roles: ['admin'] });
  });
  afterEach(() => world.reset());
  afterAll(() => world?.close());

  async function about(variantId: string): Promise<Difference[]> {
    const { data } = await world.query((em) => listDifferences(em, { limit: 1_000, runId: null, state: null }));
    return data.filter(({ subject }) => subject['variant'] === variantId);
  }
  const start = async () => (await world.start('reconciliation', `reconciliation-${newId()}`)).workflowId;

  /** Five on hand, and a counter of reserved pieces that no row accounts for. */
  async function miscounted(): Promise<string> {
    const variantId = await world.variant(5);
    await world.shop.run('update stock_levels set reserved = 4 where variant_id = ?', [variantId]);
    return variantId;
  }

  /** Two pieces fewer than movements say, found by a run and approved. */
  async function approved(): Promise<{ readonly variantId: string; readonly differenceId: string }> {
    const variantId = await world.variant(5);
    await world.shop.run('update stock_levels set on_hand = 3 where variant_id = ?', [variantId]);
    await world.ended(await start(), 0);
    const [shown] = await about(variantId);
    if (shown === undefined) throw new Error('nothing was found');
    const { id: differenceId } = shown;
    await world.transact((em) =>
      decideDifference(em, { differenceId, decision: 'approved', shown, userId, requestId: 'r' }),
    );
    return { variantId, differenceId };
  }

  test('reconciliation mends what is safe, and its page says what it found', async () => {
    const variantId = await miscounted();
    const workflowId = await start();
    await expect(world.ended(workflowId, 0)).resolves.toMatchObject({ repaired: expect.any(Number) });
    expect(await world.stock(variantId)).toEqual([5, 0]);
    expect(await detailsOf(world.handle(workflowId))).toMatch(/^Report [\w-]+: .*\d repaired\b/);
  });

  test.each([
    ['reconcileArea', 'before', before],
    ['reconcileArea', 'after', after],
    ['endReconciliation', 'after', after],
  ])('reconciliation, when %s fails %s its effect, mends each difference once', async (activity, _, fault) => {
    const variantId = await miscounted();
    world.faults.once(activity, fault);
    await world.ended(await start(), 0);
    expect(await world.stock(variantId)).toEqual([5, 0]);
    expect((await about(variantId)).map(({ state }) => state)).toEqual(['repaired']);
  });

  test('reconciliation, while the provider is away, mends the stock already and goes on when it is back', async () => {
    await world.accept(await world.cart([{ variantId: await world.variant(1) }]));
    const variantId = await miscounted();
    await world.stripe.post('/test/switches', { unavailable: 10_000, only: { path: 'payment_intents' } });
    const workflowId = await start();
    await world.until(async () => (await world.stock(variantId))[1] === 0, 'the counter is right', 0);
    await world.until(async () => world.faults.calls('reconcileArea') > 4, 'the provider is asked again', 0);
    expect((await world.handle(workflowId).describe()).status.name).toBe('RUNNING');
    await world.stripe.post('/test/reset', {});
    await world.ended(workflowId, 0);
  });

  test.each([
    ['before', before],
    ['after', after],
  ])('the repair of an approved difference, failing %s its effect, is done once', async (_, fault) => {
    const { variantId, differenceId } = await approved();
    world.faults.once('mendDifference', fault);
    const workflowId = reconciliationRepairWorkflowId(differenceId);
    await world.start('reconciliationRepair', workflowId, { differenceId });
    await expect(world.ended(workflowId, 0)).resolves.toBe('repaired');
    const booked = await world.shop.rows<{ delta: number }>(
      `select delta from stock_movements where variant_id = ? and reason = 'adjustment'`,
      [variantId],
    );
    expect(booked).toEqual([{ delta: -2 }]);
  });

  test('an approved difference whose flow was ended by hand is asked for once more by the next run', async () => {
    const { variantId, differenceId } = await approved();
    await world.shop.run(`update reconciliation_differences set changed_at = now() - interval '1 hour' where id = ?`, [
      differenceId,
    ]);
    await world.ended(await start(), 0);
    const asked = await world.shop.rows(`select 1 from outbox where topic = 'reconciliation.approved' and key = ?`, [
      differenceId,
    ]);
    expect(asked).toHaveLength(2);
    // Others find the stock as it should be.
    await world.shop.run('update stock_levels set on_hand = 5 where variant_id = ?', [variantId]);
  });
});
