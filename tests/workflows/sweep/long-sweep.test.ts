import { DeterminismViolationError } from '@temporalio/workflow';
import { Worker } from '@temporalio/worker';
import { adjustStock } from '../../../src/domain/inventory/index.js';
import { newId } from '../../../src/domain/kernel/ids.js';
import { askForNotice } from '../../../src/domain/stock-notices/index.js';
import { backInStockWorkflowId } from '../../../src/workflows/contracts.js';
import { accepted, submit } from '../../support/flow-checkout.js';
import { askedBack, cancelling } from '../../support/flow-refund.js';
import { openFlowWorld, type FlowWorld } from '../../support/flow-world.js';
import { bundleHastyFlows } from '../../support/hasty-flows.js';
import { describeWith } from '../../support/services.js';

const PATCH = 'all-stages-go-on';

describeWith(['postgres', 'temporal', 'mail', 'inbox'], 'a sweep whose history becomes long', () => {
  let bundles: Awaited<ReturnType<typeof bundleHastyFlows>>;
  let world: FlowWorld;
  beforeAll(async () => {
    bundles = await bundleHastyFlows();
    world = await openFlowWorld({ server: 'dev', release: { bundle: bundles.hasty } });
  });
  beforeEach(() => world.reset());
  afterAll(async () => {
    await world?.close();
    await bundles?.remove();
  });

  async function waitedFor(): Promise<string> {
    const variantId = await world.variant(0);
    await world.transact((em) =>
      askForNotice(
        { em, cipher: world.cipher },
        { id: newId(), variantId, email: `${variantId}@example.com`, userId: null },
      ),
    );
    await world.transact((em) => adjustStock(em, { variantId, actorId: newId(), note: 'came', delta: 1 }));
    return backInStockWorkflowId(variantId);
  }

  async function bought() {
    const purchase = await accepted(world);
    await submit(world, purchase);
    await world.ended(purchase.workflowId, 0);
    return purchase;
  }

  /** Runs to the end; answers how far it was whenever it went on. */
  async function sweep(): Promise<{ workflowId: string; wentOnIn: string[] }> {
    const workflowId = `sweep-${newId()}`;
    let { firstExecutionRunId: runId } = (await world.start('reservationSweep', workflowId)) as {
      firstExecutionRunId?: string;
    };
    await world.ended(workflowId, 0);
    const wentOnIn: string[] = [];
    while (runId !== undefined) {
      const { events } = await world.client.workflow.getHandle(workflowId, runId).fetchHistory();
      const next = events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes;
      runId = next?.newExecutionRunId ?? undefined;
      const input = next?.input?.payloads?.[0]?.data;
      if (input != null) wentOnIn.push((JSON.parse(Buffer.from(input).toString()) as { stage: string }).stage);
    }
    return { workflowId, wentOnIn };
  }
  const running = async (workflowIds: readonly string[]): Promise<void> => {
    for (const each of workflowIds) await world.ended(each, 0);
  };

  test('goes on with a new one in the stage it was in, behind what it has, and passes over none', async () => {
    const purchases = [await bought(), await bought(), await bought(), await bought()] as const;
    const gone = [
      await cancelling(world, purchases[0], { start: false }),
      await cancelling(world, purchases[1], { start: false }),
      await askedBack(world, purchases[2], { kind: 'whole', restock: true }, { start: false }),
      await askedBack(world, purchases[3], { kind: 'whole', restock: true }, { start: false }),
      await waitedFor(),
      await waitedFor(),
    ];
    await world.shop.run(`update orders set updated_at = now() - interval '1 hour'`, []);
    await world.shop.run(`update refunds set updated_at = now() - interval '1 hour'`, []);
    const { wentOnIn } = await sweep();
    expect(wentOnIn).toEqual(['cancellations', 'cancellations', 'refunds', 'refunds', 'notices', 'notices']);
    await running(gone);
    // Each page once, and one that is empty after the last of a stage.
    const pages = ['findOverdueCheckouts', 'findOpenCancellations', 'findOpenRefunds', 'findWaitedFor'];
    expect(pages.map((page) => world.faults.calls(page))).toEqual([1, 3, 3, 3]);
    expect(await world.stockFaults()).toEqual([]);
  });

  test('begun by a build that does not go on, is replayed by one that does, which would stop it without asking', async () => {
    await world.restartWorker({ release: { bundle: bundles.hasty, dormantPatches: [PATCH] } });
    const gone = [await waitedFor(), await waitedFor(), await waitedFor()];
    const { workflowId, wentOnIn } = await sweep();
    await running(gone);
    expect(wentOnIn).toEqual([]);
    const history = await world.handle(workflowId).fetchHistory();
    const replay = (codePath: string): Promise<void> =>
      Worker.runReplayHistory({ workflowBundle: { codePath } }, history);
    await expect(replay(bundles.hasty)).resolves.toBeUndefined();
    await expect(replay(bundles.careless)).rejects.toThrow(DeterminismViolationError);
  });
});
