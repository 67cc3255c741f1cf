import { Client, Connection } from '@temporalio/client';
import { extendHold, holdCart, releaseHold } from '../../src/domain/holds/index.js';
import { newId } from '../../src/domain/kernel/ids.js';
import { replayRunning } from '../../src/infra/temporal/replay-running.js';
import { reservationExpiryWorkflowId } from '../../src/workflows/contracts.js';
import { accepted, authenticate, moved, reaches, submit, type Purchase } from '../support/flow-checkout.js';
import { eventsOf, stepsOf } from '../support/flow-history.js';
import { openFlowWorld, type FlowWorld } from '../support/flow-world.js';
import { runProcess } from '../support/processes.js';
import { bundleReleases } from '../support/releases.js';
import { describeWith, serviceUrl } from '../support/services.js';

/** Half of them checkouts, half holds. More of them: `OPEN_FLOWS=500 npm test -- tests/replay/upgrade.test.ts`. */
const FLOWS = Number(process.env['OPEN_FLOWS'] ?? 24);
const QUARTER = FLOWS / 4;
const AT_ONCE = 10;
const AN_HOUR = 60 * 60_000;
const CHALLENGE = 'pm_card_threeDSecure2Required';
const PATCHES = ['look-before-payment', 'look-after-capture', 'look-at-hold'];

interface Held {
  readonly cartId: string;
  readonly workflowId: string;
}

const gate = (taskQueue: string, ...args: string[]) =>
  runProcess('src/bin/replay.ts', [
    ...['--from-server', '--address', serviceUrl('temporal'), '--task-queue', taskQueue],
    ...args,
  ]);
const idsOf = (flows: readonly { readonly workflowId: string }[]): string[] =>
  flows.map(({ workflowId }) => workflowId).sort();
const halves = <T>(all: readonly T[]): [T[], T[]] => [
  all.slice(0, Math.floor(all.length / 2)),
  all.slice(Math.floor(all.length / 2)),
];

async function each<T, R>(all: readonly T[], work: (one: T) => Promise<R>): Promise<R[]> {
  const done: R[] = [];
  for (let from = 0; from < all.length; from += AT_ONCE)
    done.push(...(await Promise.all(all.slice(from, from + AT_ONCE).map(work))));
  return done;
}
const times = <R>(count: number, work: () => Promise<R>): Promise<R[]> => each(Array.from({ length: count }), work);

describeWith(['postgres', 'temporal', 'mail'], 'releases of flows', () => {
  let bundles: Awaited<ReturnType<typeof bundleReleases>>;
  let world: FlowWorld;
  const shut = new Set<string>();
  beforeAll(async () => {
    bundles = await bundleReleases();
    const lookAt = async (where: string): Promise<void> => {
      if (shut.has(where)) throw new Error('shut');
    };
    world = await openFlowWorld({
      server: 'dev',
      more: { look: lookAt },
      reservationMs: AN_HOUR,
      release: { bundle: bundles.before },
    });
  });
  afterAll(async () => {
    await world?.close();
    await bundles?.remove();
  });

  /** The flows that would stop with the release, and how many would go on. */
  async function replayed(bundle: string) {
    const stopped: string[] = [];
    let goOn = 0;
    await replayRunning(
      {
        client: world.client,
        workflows: { workflowBundle: { codePath: bundle } },
        query: `TaskQueue = '${world.taskQueue}' AND ExecutionStatus = 'Running'`,
      },
      ({ outcome, workflowId }) => {
        if (outcome === 'failed') stopped.push(workflowId);
        else goOn += 1;
      },
    );
    return { stopped: stopped.sort(), goOn };
  }

  const seen = (workflowId: string, what: string): Promise<void> =>
    world.until(async () => (await stepsOf(world.handle(workflowId))).includes(what), `${what} of ${workflowId}`, 0);

  async function waiting(): Promise<Purchase> {
    const purchase = await accepted(world, { card: CHALLENGE });
    await submit(world, purchase);
    await reaches(world, purchase, 'requires_action');
    return purchase;
  }
  /** Its look before the capture was begun and finds the door shut. */
  async function looking(): Promise<Purchase> {
    const purchase = await accepted(world);
    await submit(world, purchase);
    await seen(purchase.workflowId, 'look');
    return purchase;
  }
  async function paid(purchase: Purchase): Promise<void> {
    await authenticate(world, purchase, 'success');
    await world.flows.signal(purchase.workflowId, 'paymentHeard');
    await seen(purchase.workflowId, 'look');
  }
  async function held(): Promise<Held> {
    const cartId = await world.cart([{ variantId: await world.variant(5), quantity: 2 }]);
    const { id: holdId } = await world.transact((em) => holdCart(em, cartId, AN_HOUR));
    const workflowId = reservationExpiryWorkflowId(holdId);
    await world.flows.start('reservationExpiry', workflowId, { holdId });
    await world.until(async () => (await eventsOf(world.handle(workflowId))).includes('timerStarted'), 'held', 0);
    return { cartId, workflowId };
  }
  async function extended({ cartId, workflowId }: Held): Promise<void> {
    await world.transact((em) => extendHold(em, cartId, AN_HOUR));
    await world.flows.signal(workflowId, 'holdChanged');
    await seen(workflowId, 'look');
  }
  async function released({ cartId, workflowId }: Held): Promise<void> {
    await world.transact((em) => releaseHold(em, cartId));
    await world.flows.signal(workflowId, 'holdChanged');
    expect(await world.ended(workflowId, 0)).toBe('ended');
  }
  /** Ended well, paid once, by these steps, and no worker ever failed to replay it. */
  async function placed({ workflowId, checkoutId }: Purchase, steps: readonly string[]): Promise<void> {
    expect(await world.ended(workflowId, 0)).toMatchObject({ status: 'placed', code: null });
    expect(moved(world, checkoutId)).toMatchObject({ captures: 1, refunded: 0, held: 0 });
    const handle = world.handle(workflowId);
    const taken = (await stepsOf(handle)).filter((step) => /^(authorise|capture|look)/.test(step));
    // One that a busy machine holds up for long is scheduled once more.
    expect(taken.filter((step, index) => step !== taken[index - 1])).toEqual(steps);
    expect(await eventsOf(handle)).not.toContain('workflowTaskFailed');
  }

  test(
    'an upgrade that adds steps and moves one, taken back on the way, brings every open flow to its end',
    async () => {
      shut.add('capture');
      const lookers = await times(QUARTER, looking);
      const [waiters, rest] = halves(await times(QUARTER, waiting));
      const [holds, otherHolds] = halves(await times(2 * QUARTER, held));

      // Careless: the move meets those that have looked before their capture, and no other.
      const careless = await gate(world.taskQueue, '--bundle', bundles.careless);
      expect(careless.output).toContain(`DO NOT SHIP: ${lookers.length} flows`);
      expect(careless.output).toContain('TMPRL1100');
      expect(lookers.some(({ workflowId }) => careless.output.includes(workflowId))).toBe(true);
      expect(careless.code).toBe(1);
      expect(await replayed(bundles.careless)).toEqual({ stopped: idsOf(lookers), goOn: 3 * QUARTER });

      expect(await replayed(bundles.after)).toEqual({ stopped: [], goOn: 4 * QUARTER });
      await world.restartWorker({ release: { bundle: bundles.after } });
      await each(waiters, paid);
      await each(holds, extended);
      const begunAfter = await looking();

      // Going back to the release before strands those that have taken a new branch.
      const stranded = idsOf([...waiters, ...holds, begunAfter]);
      expect(await replayed(bundles.before)).toEqual({ stopped: stranded, goOn: 4 * QUARTER + 1 - stranded.length });

      // The same release with its patches asleep strands nobody.
      await world.restartWorker({ release: { bundle: bundles.after, dormantPatches: PATCHES } });
      await each(rest, paid);
      const begunAsleep = await looking();
      shut.clear();
      const before = ['authorisePayment', 'look', 'capturePayment'];
      const after = ['authorisePayment', 'capturePayment', 'look'];
      await each(lookers, (purchase) => placed(purchase, before));
      await each(waiters, (purchase) => placed(purchase, after));
      await each(rest, (purchase) => placed(purchase, before));
      await placed(begunAfter, ['look', ...after]);
      await placed(begunAsleep, before);
      await each([...holds, ...otherHolds], released);
      expect((await stepsOf(world.handle(holds[0]?.workflowId ?? ''))).filter((step) => step === 'look')).toHaveLength(
        2,
      );
      expect(await stepsOf(world.handle(otherHolds[0]?.workflowId ?? ''))).not.toContain('look');
      expect(await world.stockFaults()).toEqual([]);
    },
    120_000 + FLOWS * 3_000,
  );
});

describeWith('temporal', 'the gate', () => {
  test('where flows run that no worker has had yet, passes and warns that it proved nothing', async () => {
    const connection = await Connection.connect({ address: serviceUrl('temporal') });
    const taskQueue = `waiting-${newId()}`;
    const client = new Client({ connection });
    const flow = await client.workflow.start('checkout', { taskQueue, workflowId: newId(), args: [{}] });
    try {
      const { code, output } = await gate(taskQueue);
      expect(output).toMatch(/checkout +- +- +1\n/);
      expect(output).toContain('WARNING: no flow has begun yet');
      expect(code).toBe(0);
    } finally {
      await flow.terminate();
      await connection.close();
    }
  });

  test('where nothing runs, passes and warns that it proved nothing', async () => {
    const { code, output } = await gate(`nothing-${newId()}`);
    expect(output).toContain('WARNING: no flow runs there, so this proved nothing');
    expect(code).toBe(0);
  });

  test('where Temporal does not answer, ends with 2', async () => {
    const { code, output } = await gate('any', '--address', '127.0.0.1:9');
    expect(output).toContain('NOT KNOWN');
    expect(code).toBe(2);
  });
});
