import type { WorkflowHandle } from '@temporalio/client';
import { adjustStock } from '../../../src/domain/inventory/index.js';
import { newId } from '../../../src/domain/kernel/ids.js';
import { createOutbox, type Outbox } from '../../../src/domain/outbox/index.js';
import { askForNotice } from '../../../src/domain/stock-notices/index.js';
import { createOutboxRelay } from '../../../src/infra/temporal/outbox-relay.js';
import { backInStockWorkflowId } from '../../../src/workflows/contracts.js';
import { after, frozen, type Fault } from '../../support/faulty-activities.js';
import { openFlowWorld, type FlowWorld } from '../../support/flow-world.js';
import { describeWith } from '../../support/services.js';

describeWith(['postgres', 'temporal', 'mail'], 'back-in-stock, interrupted', () => {
  let world: FlowWorld;
  let mails: number;
  beforeAll(async () => {
    world = await openFlowWorld({ server: 'dev' });
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    await world.reset();
    mails = 0;
    world.delivery.mail = async (send) => {
      mails += 1;
      await send();
    };
  });

  /** A variant that these wait for, with one piece that came in. */
  async function back(names: readonly string[]): Promise<string> {
    const variantId = await world.variant(0);
    for (const name of names)
      await world.transact((em) =>
        askForNotice(
          { em, cipher: world.cipher },
          { id: newId(), variantId, email: `${name}@example.com`, userId: null },
        ),
      );
    await world.transact((em) => adjustStock(em, { variantId, actorId: newId(), note: 'came', delta: 1 }));
    return variantId;
  }

  test.each<[string, Fault]>([
    ['drains', (run) => run()],
    ['loses its answer', after],
  ])('back-in-stock, whose worker is stopped as it tells one and %s, tells each once', async (_, ending) => {
    const variantId = await back(['ada', 'grace', 'mary']);
    const sending = frozen();
    world.faults.once('sendStockNotice', (run) => sending.fault(() => ending(run)));
    const workflowId = backInStockWorkflowId(variantId);
    await world.start('backInStock', workflowId, { variantId });
    await sending.begun;
    await world.restartWorker({ draining: () => sending.letGo().catch(() => undefined) });
    await world.ended(workflowId, 0);
    expect(mails).toBe(3);
    expect(await world.shop.rows('select distinct state from stock_notices where variant_id = ?', [variantId])).toEqual(
      [{ state: 'told' }],
    );
  });

  const until = (count: number) => world.until(async () => mails >= count, `${count} are told`, 0);
  const sweep = async (): Promise<void> => {
    const sweeping = await world.start('reservationSweep', `reservation-sweep-${newId()}`);
    await world.ended(sweeping.workflowId, 0);
  };

  test('back-in-stock, whose flow is gone, is started anew by the sweep, which leaves one alone that is at work', async () => {
    const variantId = await back(['ada', 'grace', 'mary', 'hedy']);
    await sweep();
    await until(3);
    await sweep();
    expect(mails).toBe(3);
    await expect(world.flows.state(backInStockWorkflowId(variantId))).resolves.toBe('running');
  });

  test.each<['cancelled' | 'terminated', (handle: WorkflowHandle) => Promise<unknown>]>([
    ['cancelled', (handle) => handle.cancel()],
    ['terminated', (handle) => handle.terminate('by hand')],
  ])('back-in-stock, %s by hand, stays so whatever the sweep finds, until it comes back anew', async (_, end) => {
    const outbox = createOutbox(world);
    const waiting: Outbox['waiting'] = async (limit) =>
      (await outbox.waiting(limit)).filter(({ topic }) => topic === 'stock.back');
    const relay = createOutboxRelay({ outbox: { ...outbox, waiting }, flows: world.flows, log: world.deps.log });
    const variantId = await back(['ada', 'grace', 'mary', 'hedy']);
    const workflowId = backInStockWorkflowId(variantId);
    await relay.once();
    await until(3);
    await end(world.handle(workflowId));
    await world.until(async () => (await world.flows.state(workflowId)) === 'stopped', 'it is stopped', 0);
    await sweep();
    await expect(world.flows.state(workflowId)).resolves.toBe('stopped');
    expect(mails).toBe(3);
    for (const delta of [-1, 1])
      await world.transact((em) => adjustStock(em, { variantId, actorId: newId(), note: 'count', delta }));
    await relay.once();
    await until(4);
    await expect(world.ended(workflowId, 0)).resolves.toEqual({ told: 1 });
  });
});
