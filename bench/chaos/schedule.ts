import { FAULT_KINDS, type FaultKind } from './contracts.js';
import { createRandom, type Random } from './random.js';

/** A fault to come. Milliseconds since the run began. */
export interface PlannedFault {
  readonly kind: FaultKind;
  /** What is hurt; two faults never hurt the same at once. */
  readonly target: string;
  readonly atMs: number;
  readonly forMs: number;
  /** How hard, from 0 up to 1; each kind reads it as it likes. */
  readonly force: number;
}

export interface Schedule {
  /** By their start. */
  readonly faults: readonly PlannedFault[];
  /** From then on nothing is hurt. */
  readonly calmAtMs: number;
  readonly endMs: number;
}

interface Traits {
  readonly targets: readonly string[];
  /** Seconds, the shortest and the longest. */
  readonly lasts: readonly [number, number];
  /** Seconds until what was hurt is surely back. */
  readonly heals: number;
  /** Nothing else goes wrong meanwhile. */
  readonly alone?: boolean;
}

const APIS = ['api-1', 'api-2'];
const WORKERS = ['worker-1', 'worker-2'];
const DOWN = [1, 10] as const;
const FROZEN = [5, 60] as const;
const ODD = [8, 25] as const;

const TRAITS: Readonly<Record<FaultKind, Traits>> = {
  'kill-api': { targets: APIS, lasts: DOWN, heals: 5 },
  'kill-worker': { targets: WORKERS, lasts: DOWN, heals: 5 },
  'kill-postgres': { targets: ['postgres'], lasts: DOWN, heals: 5 },
  'kill-redis': { targets: ['redis'], lasts: DOWN, heals: 2 },
  'kill-elasticsearch': { targets: ['elasticsearch'], lasts: DOWN, heals: 15 },
  'kill-temporal': { targets: ['temporal'], lasts: DOWN, heals: 5 },
  'kill-mail': { targets: ['mail'], lasts: DOWN, heals: 3 },
  'kill-stripe': { targets: ['stripe'], lasts: DOWN, heals: 3 },
  'kill-vonage': { targets: ['vonage'], lasts: DOWN, heals: 3 },
  'kill-tree': { targets: ['everything'], lasts: DOWN, heals: 25, alone: true },
  'freeze-api': { targets: APIS, lasts: FROZEN, heals: 3 },
  'freeze-worker': { targets: WORKERS, lasts: FROZEN, heals: 3 },
  'freeze-postgres': { targets: ['postgres'], lasts: FROZEN, heals: 3 },
  'freeze-temporal': { targets: ['temporal'], lasts: FROZEN, heals: 3 },
  'provider-slow': { targets: ['stripe'], lasts: ODD, heals: 2 },
  'provider-times-out': { targets: ['stripe'], lasts: ODD, heals: 2 },
  'provider-errors': { targets: ['stripe'], lasts: ODD, heals: 2 },
  'webhooks-lost': { targets: ['stripe'], lasts: ODD, heals: 2 },
  'webhooks-doubled': { targets: ['stripe'], lasts: ODD, heals: 2 },
  'webhooks-reordered': { targets: ['stripe'], lasts: ODD, heals: 3 },
  'roll-worker': { targets: ['workers'], lasts: [4, 10], heals: 32, alone: true },
  'roll-back-worker': { targets: ['workers'], lasts: [4, 10], heals: 32, alone: true },
  'clock-off': { targets: WORKERS, lasts: ODD, heals: 15 },
  'disk-full': { targets: ['postgres'], lasts: [5, 20], heals: 10 },
  'pool-exhausted': { targets: ['postgres'], lasts: [5, 15], heals: 3 },
};

/** What even a short run must show, in this order of worth. */
const FIRST: readonly (readonly FaultKind[])[] = [
  ['kill-api'],
  ['kill-worker'],
  ['kill-postgres'],
  ['kill-redis'],
  ['kill-temporal'],
  ['kill-stripe'],
  ['freeze-worker', 'freeze-postgres', 'freeze-api', 'freeze-temporal'],
  ['provider-times-out', 'provider-errors', 'provider-slow'],
  ['webhooks-lost'],
];

const WARM_MS = 8_000;
const SHORTEST_MS = 8_000;
/** So many that do not fit, and no more is tried. */
const MOST_REFUSED = 50;
/** Two faults in so many overlap. */
const OVERLAPS = 0.3;
const PAUSE_S = [3, 9] as const;

/** Whether nothing else goes wrong during it. */
export const isAlone = (kind: FaultKind): boolean => TRAITS[kind].alone === true;

/** The same for the same seed, minutes and kinds. */
export function planFaults(seed: number, minutes: number, kinds: readonly FaultKind[] = FAULT_KINDS): Schedule {
  const random = createRandom(seed);
  const endMs = Math.round(minutes * 60_000);
  const calmAtMs = endMs - Math.min(60_000, Math.max(20_000, endMs * 0.15));
  const longestS = Math.max(6, endMs / 20_000);
  const faults: PlannedFault[] = [];
  const free = new Map<string, number>();
  let at = WARM_MS;
  let refused = 0;
  for (const kind of inTurn(random, kinds)) {
    const traits = TRAITS[kind];
    const [least, most] = traits.lasts;
    const forMs = random.between(least * 1_000, Math.max(least, Math.min(most, longestS)) * 1_000);
    const target = random.pick(traits.targets);
    const force = random.next();
    const latest = Math.max(0, ...free.values());
    const atMs = Math.max(at, traits.alone === true ? latest : Math.max(...busyOf(target, free)));
    const backMs = atMs + forMs + traits.heals * 1_000;
    if (backMs > calmAtMs) {
      if (at + SHORTEST_MS > calmAtMs || (refused += 1) > MOST_REFUSED) break;
      continue;
    }
    faults.push({ kind, target, atMs, forMs, force });
    free.set(traits.alone === true ? 'everything' : target, backMs);
    const pause = random.between(PAUSE_S[0] * 1_000, PAUSE_S[1] * 1_000);
    const overlaps = random.next() < OVERLAPS && traits.alone !== true;
    at = overlaps ? atMs + Math.round(forMs / 2) : atMs + forMs + pause;
  }
  return { faults: faults.toSorted((a, b) => a.atMs - b.atMs), calmAtMs, endMs };
}

const busyOf = (target: string, free: ReadonlyMap<string, number>): number[] => [
  free.get(target) ?? 0,
  free.get('everything') ?? 0,
];

/** What must be shown, then the rest, then all over again without an end; each round shuffled. */
function* inTurn(random: Random, kinds: readonly FaultKind[]): Generator<FaultKind> {
  const first = FIRST.map((choice) => random.pick(choice)).filter((kind) => kinds.includes(kind));
  yield* shuffled(random, first);
  yield* shuffled(
    random,
    kinds.filter((kind) => !first.includes(kind)),
  );
  while (kinds.length > 0) yield* shuffled(random, kinds);
}

function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const left = [...items];
  return items.map(() => left.splice(random.between(0, left.length - 1), 1)[0] as T);
}
