import { median } from '../road/statistics.js';
import type { FaultKind, FaultSpan } from './contracts.js';
import { badOf, type Second } from './meter.js';

/** How long callers saw errors that began with a fault, and which. */
export interface ErrorWindow {
  readonly span: FaultSpan;
  /** From the first bad answer to the last; 0: nobody saw any. */
  readonly seconds: number;
  readonly errors: number;
  readonly calls: number;
  readonly kinds: Readonly<Record<string, number>>;
  /** What else was broken while the errors were seen, and may have made some of them. */
  readonly beside: readonly FaultKind[];
}

/** After so many good seconds the errors of a fault have ceased. */
const QUIET_S = 5;
/** What comes later than this after a fault is not its doing. */
const LONGEST_AFTER_S = 60;

/** Where faults overlap, each of them has the errors of both; what begins with a later one is the later one's alone. */
export const errorWindows = (seconds: readonly Second[], spans: readonly FaultSpan[]): ErrorWindow[] =>
  spans.map((span) => windowOf(seconds, span, spans));

function windowOf(seconds: readonly Second[], span: FaultSpan, spans: readonly FaultSpan[]): ErrorWindow {
  const from = Math.floor(span.fromMs / 1_000);
  const over = Math.ceil((span.untilMs ?? span.fromMs) / 1_000);
  const later = spans.map(({ fromMs }) => Math.floor(fromMs / 1_000)).filter((start) => start >= over);
  const kinds: Record<string, number> = {};
  let [first, last, errors, calls] = [-1, -1, 0, 0];
  for (let at = from; at < Math.min(seconds.length, over + LONGEST_AFTER_S); at += 1) {
    const second = seconds[at];
    if (second === undefined || at - Math.max(over, last) > QUIET_S) break;
    if (later.some((start) => start <= at && last < start - 1)) break;
    calls += Object.values(second.ends).reduce((sum, count) => sum + count, 0);
    const bad = badOf(second);
    if (bad === 0) continue;
    if (first < 0) first = at;
    last = at;
    errors += bad;
    for (const [kind, count] of Object.entries(second.bad)) kinds[kind] = (kinds[kind] ?? 0) + count;
  }
  const beside = first < 0 ? [] : spans.filter((other) => other !== span && lasted(other, first, last));
  return {
    ...{ span, errors, calls, kinds },
    seconds: first < 0 ? 0 : last - first + 1,
    beside: [...new Set(beside.map(({ kind }) => kind))],
  };
}

const lasted = ({ fromMs, untilMs = Infinity }: FaultSpan, fromSecond: number, untilSecond: number): boolean =>
  fromMs < (untilSecond + 1) * 1_000 && untilMs >= fromSecond * 1_000;

/** What the faults of one kind did to callers. */
export interface KindSummary {
  readonly kind: FaultKind;
  readonly faults: number;
  /** How long callers saw errors: the middle one and the worst. Seconds. */
  readonly median: number;
  readonly longest: number;
  readonly errors: number;
  readonly calls: number;
  /** The most frequent ones: `POST /checkout 503`. */
  readonly which: readonly string[];
  readonly beside: readonly FaultKind[];
}

const NAMED = 3;

export function byKind(windows: readonly ErrorWindow[]): KindSummary[] {
  return [...Map.groupBy(windows, ({ span }) => span.kind)].map(([kind, all]) => {
    const lengths = all.map(({ seconds }) => seconds);
    const kinds: Record<string, number> = {};
    for (const each of all)
      for (const [name, count] of Object.entries(each.kinds)) kinds[name] = (kinds[name] ?? 0) + count;
    return {
      ...{ kind, faults: all.length },
      median: median(lengths),
      longest: Math.max(...lengths),
      errors: all.reduce((sum, { errors }) => sum + errors, 0),
      calls: all.reduce((sum, { calls }) => sum + calls, 0),
      which: Object.entries(kinds)
        .toSorted(([a, one], [b, two]) => two - one || (a < b ? -1 : 1))
        .slice(0, NAMED)
        .map(([name]) => name),
      beside: [...new Set(all.flatMap((window) => window.beside))],
    };
  });
}
