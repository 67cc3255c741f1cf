import { median } from '../road/statistics.js';

/** What the shop took at a moment. */
export interface VitalSample {
  /** Since the run began. */
  readonly atMs: number;
  /** How many there were until then. */
  readonly visits: number;
  /** Of our processes, by name. */
  readonly pids: Readonly<Record<string, number>>;
  /** By name; what could not be read is not there. */
  readonly figures: Readonly<Record<string, number>>;
}

/** One figure over a run. */
export interface VitalRow {
  readonly name: string;
  /** Medians of the first and last quarter after warm-up. */
  readonly start: number;
  readonly end: number;
  readonly peak: number;
  /** The straight line through all after warm-up. */
  readonly perHour: number;
  /** What a visit has left behind until the end of the second quarter and of the last, of figures that are to grow with visits. */
  readonly perVisit?: readonly [number, number];
  /** Null: not judged. */
  readonly flat: boolean | null;
}

export interface VitalsReport {
  readonly rows: readonly VitalRow[];
  /** Whether the run was long and calm enough to tell. */
  readonly judged: boolean;
  /** What is not flat, and who was started again; empty unless judged. */
  readonly grew: readonly string[];
  readonly samples: readonly VitalSample[];
}

/** Shorter ones have not seen enough. */
const LEAST_MS = 600_000;
/** Caches and pools fill, code gets compiled. */
const WARM_UP_MS = 120_000;
/** How much more the last quarter may have than the second. */
const MARGIN = 0.15;

interface Rule {
  /** How names begin. */
  readonly of: string;
  /** By how much more it may grow than the margin: what is small jumps. */
  readonly slack: number;
  /** It grows with visits, and what a visit leaves is to stay the same. */
  readonly perVisit?: boolean;
}

/** The first one counts; what has none is told and not judged. Carts are kept for days, and rows of orders for ever. */
const RULES: readonly Rule[] = [
  { of: 'memory of', slack: 16 },
  { of: 'descriptors of', slack: 10 },
  { of: 'connections of', slack: 5 },
  { of: 'outbox', slack: 10 },
  { of: 'flows running', slack: 10 },
  { of: 'longest history', slack: 20 },
  { of: 'largest history', slack: 16 },
  { of: 'Redis keys without an end', slack: 0 },
  { of: 'Redis keys:', slack: Infinity },
  { of: 'Redis keys', slack: 0.2, perVisit: true },
  { of: 'Redis memory', slack: 0.3, perVisit: true },
  { of: 'database', slack: 10, perVisit: true },
];

/** Tells from a run's samples what grew; `calm`: nothing was hurt, so that what grows does so by itself. */
export function judgeVitals(samples: readonly VitalSample[], calm: boolean): VitalsReport {
  const from = samples[0]?.atMs ?? 0;
  const until = samples.at(-1)?.atMs ?? 0;
  const judged = calm && until - from >= LEAST_MS;
  const warmAt = from + Math.min(WARM_UP_MS, (until - from) / 4);
  const warm = samples.filter(({ atMs }) => atMs >= warmAt);
  const names = [...new Set(samples.flatMap(({ figures }) => Object.keys(figures)))].toSorted(byRule);
  const rows = names.flatMap((name) => rowOf(name, warm, judged));
  const grew = [...rows.filter(({ flat }) => flat === false).map(saying), ...(judged ? startedAgain(samples) : [])];
  return { rows, judged, grew, samples };
}

function rowOf(name: string, warm: readonly VitalSample[], judged: boolean): VitalRow[] {
  const seen = warm.flatMap(({ atMs, visits, figures }) => {
    const value = figures[name];
    return value === undefined ? [] : [{ atMs, visits, value }];
  });
  const first = seen[0];
  if (first === undefined) return [];
  const quarter = quartersOf(warm);
  const middle = (of: (one: (typeof seen)[number]) => number, which: number): number =>
    median(seen.filter(({ atMs }) => quarter(atMs) === which).map(of));
  const left = ({ value, visits }: (typeof seen)[number]): number =>
    (value - first.value) / Math.max(1, visits - first.visits);
  const rule = RULES.find(({ of }) => name.startsWith(of));
  const values = seen.map(({ value }) => value);
  const measure = rule?.perVisit === true ? left : ({ value }: { value: number }) => value;
  const [before, after] = [middle(measure, 1), middle(measure, 3)];
  return [
    {
      name,
      start: middle(({ value }) => value, 0),
      end: middle(({ value }) => value, 3),
      peak: Math.max(...values),
      perHour: slope(seen.map(({ atMs, value }) => [atMs / 3_600_000, value])),
      ...(rule?.perVisit === true ? { perVisit: [before, after] as const } : {}),
      flat:
        judged && rule !== undefined && rule.slack < Infinity && !Number.isNaN(before + after)
          ? after <= before + Math.abs(before) * MARGIN + rule.slack
          : null,
    },
  ];
}

/** Of a moment the quarter it is in: 0 to 3. */
function quartersOf(samples: readonly VitalSample[]): (atMs: number) => number {
  const from = samples[0]?.atMs ?? 0;
  const each = ((samples.at(-1)?.atMs ?? 0) - from) / 4;
  return (atMs) => Math.min(3, Math.floor((atMs - from) / Math.max(1, each)));
}

/** Least squares; 0 of a single point. */
function slope(points: readonly (readonly [number, number])[]): number {
  const mean = (index: 0 | 1): number => points.reduce((sum, point) => sum + point[index], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const spread = points.reduce((sum, [at]) => sum + (at - x) ** 2, 0);
  return spread === 0 ? 0 : points.reduce((sum, [at, value]) => sum + (at - x) * (value - y), 0) / spread;
}

function byRule(a: string, b: string): number {
  const place = (name: string): number => RULES.findIndex(({ of }) => name.startsWith(of)) >>> 0;
  return place(a) - place(b) || (a < b ? -1 : 1);
}

const saying = ({ name, perVisit, start, end, perHour }: VitalRow): string =>
  perVisit === undefined
    ? `${name} grew: ${figure(start)} at the start, ${figure(end)} at the end, ${figure(perHour)} an hour`
    : `${name} grew for each visit: from ${figure(perVisit[0])} to ${figure(perVisit[1])}`;

function startedAgain(samples: readonly VitalSample[]): string[] {
  const names = [...new Set(samples.flatMap(({ pids }) => Object.keys(pids)))];
  return names.flatMap((name) => {
    const times = new Set(samples.flatMap(({ pids }) => pids[name] ?? [])).size - 1;
    return times === 0 ? [] : [`${name} was started again (${times} times), though nothing hurt it`];
  });
}

const figure = (value: number): string =>
  Number.isNaN(value) ? '-' : Math.abs(value) < 10 ? value.toFixed(2) : value.toFixed(0);

/** For a table, by heading. */
export const vitalCells = ({ name, start, end, peak, perHour, perVisit, flat }: VitalRow): Record<string, string> => ({
  vital: name,
  'at the start': figure(start),
  'at the end': figure(end),
  peak: figure(peak),
  'an hour': `${perHour > 0 ? '+' : ''}${figure(perHour)}`,
  'a visit leaves': perVisit === undefined ? '' : `${figure(perVisit[0])}, then ${figure(perVisit[1])}`,
  ...(flat === null ? { judged: '-' } : { judged: flat ? 'flat' : 'GREW' }),
});
