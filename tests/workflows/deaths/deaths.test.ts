import { createActivities } from '../../../src/activities/index.js';
import { atMost } from '../../support/at-most.js';
import { openMortalWorld, type MortalWorld, type Pause } from '../../support/mortal-world.js';
import { ROADS, type Traveller } from '../../support/mortal-roads.js';
import { describeWith } from '../../support/services.js';

const POINTS = Object.entries(ROADS).flatMap(([road, { activities, paying = [], telling = [] }]) =>
  activities.flatMap((activity) =>
    (['before', 'during', 'after'] as const)
      .filter((when) => when !== 'during' || [...paying, ...telling].includes(activity))
      .map((when) => ({ road, activity, when, repeats: when === 'during' && telling.includes(activity) })),
  ),
);

/** As many as the test has connections to its database. */
const AT_ONCE = 8;

/** Why a death in them is not looked at here. */
const ELSEWHERE: Readonly<Record<string, readonly string[]>> = {
  'they only look, for a sweep that comes again': [
    'findOverdueCheckouts',
    'findOverdueHolds',
    'findUntoldOrders',
    'findOpenCancellations',
    'findOpenRefunds',
    'findWaitedFor',
    'withoutFlow',
  ],
  'lots of a sweep that comes again': ['endOverdueHolds', 'releaseOwnerless', 'expireNotices', 'forgetIdempotencyKeys'],
  'an import goes on where it stopped: tests/e2e/kills.test.ts': ['importCatalogue', 'abandonImport'],
  'the index is written anew': ['indexProducts', 'rebuildIndex'],
  'a reconciliation that is cut short comes again': ['reconcileArea', 'endReconciliation', 'mendDifference'],
  'a note is written once for its update: tests/workflows/operators/desk.test.ts': ['noteCommand'],
};

test('every activity has a row in the matrix of deaths, or a reason to have none', () => {
  const known = new Set([...POINTS.map(({ activity }) => activity), ...Object.values(ELSEWHERE).flat()]);
  expect(Object.keys(createActivities({} as never)).sort()).toEqual([...known].sort());
});

describeWith(['postgres', 'redis', 'temporal', 'mail', 'inbox'], 'a worker, killed in the middle of', () => {
  let world: MortalWorld;
  const expected = new Map<string, unknown>();
  const travellers = new Map<string, Traveller>();
  const nameOf = ({ road, activity, when }: { road: string } & Omit<Pause, 'workflowId'>): string =>
    [road, activity, when].join();

  const travelOn = (road: string): Promise<Traveller> => {
    const found = ROADS[road];
    if (found === undefined) throw new Error(`there is no road ${road}`);
    return found.travel(world);
  };

  /** All die one death: of the worker that does all of it. */
  beforeAll(async () => {
    world = await openMortalWorld();
    await world.startWorker();
    await atMost(AT_ONCE, Object.keys(ROADS), async (road) => {
      const traveller = await travelOn(road);
      const { workflowId } = await traveller.begin();
      await traveller.meanwhile?.();
      await traveller.finish?.(workflowId);
      await world.ended(workflowId);
      expected.set(road, await traveller.state());
    });
    await atMost(AT_ONCE, POINTS, async (point) => travellers.set(nameOf(point), await travelOn(point.road)));
    await world.stopWorker();

    const begun = await atMost(AT_ONCE, POINTS, async (point) => {
      const traveller = travellers.get(nameOf(point)) as Traveller;
      return { traveller, ...point, about: [], ...(await traveller.begin()) };
    });
    world.doom(begun);
    await world.startWorker();
    await Promise.all([world.die(), ...begun.map(({ traveller }) => traveller.meanwhile?.())]);
    await atMost(AT_ONCE, begun, async ({ traveller, workflowId }) => {
      await traveller.finish?.(workflowId);
      await world.ended(workflowId);
    });
  }, 600_000);
  afterAll(() => world.close(), 60_000);

  test.each(POINTS)(
    '$road, $when the effect of $activity, leaves what it leaves undisturbed',
    async (point) => {
      const { repeats, ...left } = (await travellers.get(nameOf(point))?.state()) ?? { repeats: NaN };
      expect({ ...left, repeats: 0 }).toEqual(expected.get(point.road));
      expect(repeats > 0).toBe(point.repeats);
    },
    90_000,
  );

  test('all of it breaks no promise', async () => {
    expect(await world.stockFaults()).toEqual([]);
    expect(await world.audit()).toBe('clean');
  }, 90_000);
});
