import type { FaultSpan, Surprise, VisitRecord } from './contracts.js';
import type { Invariants } from './invariants.js';
import { badOf, ENDS, type Meter } from './meter.js';

export interface ViewDeps {
  readonly meter: Meter;
  readonly invariants: Invariants;
  /** Since the run began. Milliseconds. */
  readonly now: () => number;
  readonly endsMs: number;
  readonly faults: () => readonly FaultSpan[];
  readonly visits: () => readonly VisitRecord[];
  readonly surprises: () => { readonly count: number; readonly first: readonly Surprise[] };
  readonly out: NodeJS.WriteStream;
}

export interface View {
  /** A line for people that stays above the picture. */
  say(line: string): void;
  close(): void;
}

const REDRAWN_MS = 250;
const TOLD_MS = 10_000;
/** What is shown of calls is of this many seconds. */
const LATELY_S = 5;

/** How the run goes: a picture on a terminal, else a line every ten seconds. */
export function startView(deps: ViewDeps): View {
  const { out } = deps;
  let drawn = 0;
  const erase = (): string => (drawn === 0 ? '' : `\u001B[${drawn}A\u001B[0J`);
  function draw(): void {
    const lines = picture(deps, out.columns || 100);
    out.write(`${erase()}${lines.join('\n')}\n`);
    drawn = lines.length;
  }
  const timer = out.isTTY ? setInterval(draw, REDRAWN_MS) : setInterval(() => out.write(`${summary(deps)}\n`), TOLD_MS);
  return {
    say(line) {
      out.write(`${erase()}${line}\n`);
      drawn = 0;
      if (out.isTTY) draw();
    },
    close() {
      clearInterval(timer);
      if (out.isTTY) draw();
    },
  };
}

interface Lately {
  readonly perSecond: number;
  readonly badPerSecond: number;
  readonly p95: number;
}

function lately({ meter, now }: ViewDeps): Lately {
  const until = Math.floor(now() / 1_000);
  const some = meter.seconds().slice(Math.max(0, until - LATELY_S), until);
  const all = some.reduce((sum, { ends }) => sum + ENDS.reduce((count, end) => count + ends[end], 0), 0);
  const bad = some.reduce((sum, second) => sum + badOf(second), 0);
  const p95 = meter.quantile(0.95, until - LATELY_S, until);
  return { perSecond: all / LATELY_S, badPerSecond: bad / LATELY_S, p95 };
}

const faultsNow = ({ faults, now }: ViewDeps): readonly FaultSpan[] =>
  faults().filter(({ fromMs, untilMs = Infinity }) => fromMs <= now() && untilMs > now());

function told({ visits }: ViewDeps): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { told: all } of visits()) for (const { what } of all) counts[what] = (counts[what] ?? 0) + 1;
  return counts;
}

const clock = (ms: number): string => {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
};

function broken({ invariants }: ViewDeps): string {
  const sample = invariants.samples().at(-1);
  const count = (value: number | null | undefined): string => (value == null ? '?' : String(value));
  return `oversold ${count(sample?.oversold)}, charged without order ${count(sample?.charged)}, leaked ${count(sample?.leaked)}`;
}

/** One line of text. */
export function summary(deps: ViewDeps): string {
  const { perSecond, badPerSecond, p95 } = lately(deps);
  const { placed = 0, declined = 0, expired = 0 } = told(deps);
  const faults = faultsNow(deps).map(({ kind, target }) => `${kind} ${target}`);
  const surprises = deps.surprises().count;
  return [
    clock(deps.now()),
    `${perSecond.toFixed(0)}/s, ${badPerSecond.toFixed(1)} bad, p95 ${milliseconds(p95)}`,
    `placed ${placed}, declined ${declined}, expired ${expired}`,
    broken(deps),
    ...(surprises === 0 ? [] : [`${surprises} SURPRISES`]),
    ...(faults.length === 0 ? [] : [`now: ${faults.join(', ')}`]),
  ].join(' | ');
}

const milliseconds = (value: number): string => (Number.isFinite(value) ? `${value.toFixed(0)} ms` : '-');

const [RED, GREEN, YELLOW, DIM, BOLD] = [31, 32, 33, 2, 1];
const paint = (code: number, text: string): string => `\u001B[${code}m${text}\u001B[0m`;
const BARS = ' ▁▂▃▄▅▆▇█';

function picture(deps: ViewDeps, columns: number): string[] {
  const { meter, now, endsMs, visits, surprises } = deps;
  const { perSecond, badPerSecond, p95 } = lately(deps);
  const width = Math.max(20, Math.min(columns - 4, 116));
  const counts = told(deps);
  const faults = faultsNow(deps);
  const zero = (invariantsOf: string): string => paint(/[1-9]/.test(invariantsOf) ? RED : GREEN, invariantsOf);
  const until = Math.floor(now() / 1_000);
  const seconds = meter.seconds().slice(Math.max(0, until - width), until);
  const unexpected = surprises();
  return [
    '',
    `  ${paint(BOLD, 'chaos')}  ${clock(now())} gone, ${clock(endsMs - now())} to go   ${progress(now() / endsMs, 30)}`,
    '',
    `  ${perSecond.toFixed(0).padStart(4)} answers/s   ${paint(badPerSecond > 0 ? YELLOW : DIM, `${badPerSecond.toFixed(1)} bad/s`)}   p95 ${milliseconds(p95)}`,
    `  ${spark(seconds.map(({ ends }) => ends.ok + ends.refused))}`,
    `  ${paint(RED, spark(seconds.map(badOf)))}`,
    '',
    `  ${visits().length} visits: placed ${counts['placed'] ?? 0}, declined ${counts['declined'] ?? 0}, expired ${counts['expired'] ?? 0}, ` +
      `cancelled ${counts['cancelled'] ?? 0}, refunded ${counts['refunded'] ?? 0}`,
    `  ${zero(broken(deps))}   ${unexpected.count === 0 ? '' : paint(RED, `${unexpected.count} surprises`)}`,
    faults.length === 0
      ? `  ${paint(DIM, 'nothing is broken on purpose just now')}`
      : `  ${paint(YELLOW, faults.map(({ kind, target, what }) => `${kind} ${target} (${what})`).join(', '))}`,
  ].map((line) => cut(line, columns));
}

const progress = (share: number, width: number): string => {
  const done = Math.round(Math.min(1, share) * width);
  return `${'━'.repeat(done)}${paint(DIM, '━'.repeat(width - done))}`;
};

function spark(values: readonly number[]): string {
  const most = Math.max(1, ...values);
  return values.map((value) => BARS[Math.ceil((value / most) * (BARS.length - 1))] ?? ' ').join('');
}

/** So that no line wraps: what was drawn is erased by its number of lines. */
function cut(line: string, columns: number): string {
  const [first = '', ...painted] = line.split('\u001B');
  let left = columns - 1;
  const shown = (text: string): string => {
    const some = [...text].slice(0, Math.max(0, left));
    left -= some.length;
    return some.join('');
  };
  return [
    shown(first),
    ...painted.map((part) => {
      const code = part.indexOf('m') + 1;
      return `\u001B${part.slice(0, code)}${shown(part.slice(code))}`;
    }),
  ].join('');
}
