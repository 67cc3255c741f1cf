import type { ReplayedFlow } from '../infra/temporal/replay-running.js';

/** More of them say nothing new. */
const SHOWN = 50;

type Counts = Record<ReplayedFlow['outcome'], number>;

/** What a replay of running flows is told by: counts for each type, and the first that failed. */
export function createReplayReport() {
  const types = new Map<string, Counts>();
  const failures: ReplayedFlow[] = [];
  const sum = (outcome: ReplayedFlow['outcome']): number =>
    [...types.values()].reduce((total, counts) => total + counts[outcome], 0);

  return {
    add(flow: ReplayedFlow): void {
      const counts = types.get(flow.type) ?? { replayed: 0, failed: 0, not_begun: 0 };
      counts[flow.outcome] += 1;
      types.set(flow.type, counts);
      if (flow.outcome === 'failed' && failures.length < SHOWN) failures.push(flow);
    },

    failed: (): boolean => sum('failed') > 0,

    /** `leftOut`: how many more run that nobody asked to look at. */
    lines(leftOut: number): string[] {
      const looked = sum('replayed') + sum('failed') + sum('not_begun');
      if (looked === 0) return ['WARNING: no flow runs there, so this proved nothing. Is it the right task queue?'];
      const limited = leftOut > 0 ? [`WARNING: about ${leftOut} older ones were not looked at.`] : [];
      return [...table(types), '', ...verdict(), ...limited];
    },
  };

  function verdict(): string[] {
    const failed = sum('failed');
    if (failed > 0)
      return [
        ...failures.flatMap(told),
        ...(failed > SHOWN ? [`and ${failed - SHOWN} more`] : []),
        '',
        ...advice(failed),
      ];
    if (sum('replayed') === 0) return ['WARNING: no flow has begun yet, so this proved nothing.'];
    return [`All ${sum('replayed')} flows that have begun go on with this build.`];
  }
}

function table(types: ReadonlyMap<string, Counts>): string[] {
  const width = Math.max(...[...types.keys()].map((type) => type.length));
  const row = (type: string, ...cells: readonly (string | number)[]): string =>
    [type.padEnd(width), ...cells.map((cell) => String(cell === 0 ? '-' : cell).padStart(9))].join('  ');
  return [
    row('flow', 'go on', 'would not', 'not begun'),
    ...[...types]
      .toSorted(([a], [b]) => a.localeCompare(b))
      .map(([type, { replayed, failed, not_begun: notBegun }]) => row(type, replayed, failed, notBegun)),
  ];
}

const told = ({ type, workflowId, runId, reason = '' }: ReplayedFlow): string[] => [
  `${type} ${workflowId} (run ${runId})`,
  `  ${reason.trim()}`,
];

const advice = (failed: number): string[] => [
  `DO NOT SHIP: ${failed} flows would stop with this build, until one comes that takes the steps they have taken.`,
  `A change: put it behind patched('<what-changed>'). A step back: ship the newer build with DORMANT_PATCHES instead.`,
  'How to do either is in docs/runbook.md under "Shipping a change of a flow".',
];
