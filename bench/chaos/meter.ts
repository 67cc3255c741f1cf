import type { CallEnd, CallRecord } from './contracts.js';

/** What callers met within one second of the run. */
export interface Second {
  readonly ends: Readonly<Record<CallEnd, number>>;
  /** How often each answer came that was no good one: `POST /checkout 503`. */
  readonly bad: Readonly<Record<string, number>>;
}

export type CallTotals = Readonly<Record<string, Readonly<Record<CallEnd, number>>>>;

/** Sums up calls as they end, so that a long run takes no more memory than a short one takes seconds. */
export interface Meter {
  record(call: CallRecord): void;
  /** From the first second of the run to the last one with a call. */
  seconds(): readonly Second[];
  calls(): CallTotals;
  /** The first ones that were no good, as they were. */
  samples(): readonly CallRecord[];
  /** So many of the answers within these seconds came within it, about. Milliseconds. */
  quantile(share: number, fromSecond: number, untilSecond: number): number;
}

export const ENDS: readonly CallEnd[] = ['ok', 'refused', 'unavailable', 'error', 'cut', 'late'];
const SAMPLES_KEPT = 500;
const KINDS_KEPT = 50;
/** Each bucket ends a fifth above the one before; the last one holds whatever is slower. */
const [GROWTH, BUCKETS] = [1.2, 64];

interface Sums {
  readonly ends: Record<CallEnd, number>;
  readonly bad: Record<string, number>;
  readonly buckets: Uint16Array;
}

export const noEnds = (): Record<CallEnd, number> => ({
  ...{ ok: 0, refused: 0, unavailable: 0, error: 0, cut: 0, late: 0 },
});

/** Neither an answer as wanted nor a refusal of the shop's. */
export const isBad = (end: CallEnd): boolean => end !== 'ok' && end !== 'refused';

export const badOf = ({ ends }: Second): number => ENDS.filter(isBad).reduce((sum, end) => sum + ends[end], 0);

export function createMeter(): Meter {
  const seconds: Sums[] = [];
  const calls: Record<string, Record<CallEnd, number>> = {};
  const samples: CallRecord[] = [];

  return {
    record(call) {
      const at = Math.max(0, Math.floor((call.atMs + call.ms) / 1_000));
      while (seconds.length <= at) seconds.push({ ends: noEnds(), bad: {}, buckets: new Uint16Array(BUCKETS) });
      const sums = seconds[at];
      if (sums === undefined) return;
      sums.ends[call.end] += 1;
      const bucket = bucketOf(call.ms);
      sums.buckets[bucket] = (sums.buckets[bucket] ?? 0) + 1;
      (calls[call.call] ??= noEnds())[call.end] += 1;
      if (!isBad(call.end)) return;
      const kind = `${call.call} ${call.status ?? call.end}`;
      if (kind in sums.bad || Object.keys(sums.bad).length < KINDS_KEPT) sums.bad[kind] = (sums.bad[kind] ?? 0) + 1;
      if (samples.length < SAMPLES_KEPT) samples.push(call);
    },
    seconds: () => seconds,
    calls: () => calls,
    samples: () => samples,
    quantile(share, fromSecond, untilSecond) {
      const counts = Array.from({ length: BUCKETS }, () => 0);
      for (const { buckets } of seconds.slice(Math.max(0, fromSecond), Math.max(0, untilSecond)))
        for (const [bucket, count] of buckets.entries()) counts[bucket] = (counts[bucket] ?? 0) + count;
      const wanted = share * counts.reduce((sum, count) => sum + count, 0);
      let seen = 0;
      const found = counts.findIndex((count) => (seen += count) >= wanted && seen > 0);
      return found < 0 ? Number.NaN : GROWTH ** (found + 1);
    },
  };
}

const bucketOf = (ms: number): number =>
  Math.min(BUCKETS - 1, Math.max(0, Math.floor(Math.log(Math.max(1, ms)) / Math.log(GROWTH))));
