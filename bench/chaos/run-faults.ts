import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultSpan } from './contracts.js';
import { FAULTS } from './faults/index.js';
import type { FaultPlace } from './faults/types.js';
import { isWell } from './health.js';
import { NO_TIME } from './judge.js';
import { isAlone, type PlannedFault, type Schedule } from './schedule.js';

export interface FaultRun {
  /** Those of now and before; the last ones may last. */
  readonly spans: readonly FaultSpan[];
  /** What could not be done here, and why. */
  readonly skipped: readonly { readonly kind: string; readonly reason: string }[];
  /** What did not come back by itself. */
  readonly problems: readonly string[];
  /** Fulfilled when all have healed. */
  readonly over: Promise<void>;
}

const WELL_WITHIN_MS = 120_000;
const LOOK_MS = 200;

/** Does what the schedule says from now on. Never throws: what went wrong is in `problems`. */
export function runFaults(
  { faults, calmAtMs }: Schedule,
  place: FaultPlace,
  {
    startedAt,
    signal,
    say,
  }: { readonly startedAt: number; readonly signal: AbortSignal; readonly say: (line: string) => void },
): FaultRun {
  const spans: FaultSpan[] = [];
  const skipped: { kind: string; reason: string }[] = [];
  const problems: string[] = [];
  const busy = new Map<string, Promise<void>>();
  /** Milliseconds since the run began. */
  const since = (): number => performance.now() - startedAt;
  const pause = (ms: number): Promise<void> => sleep(Math.max(0, ms), undefined, { signal });

  async function suffer(planned: PlannedFault): Promise<void> {
    const { kind, target, forMs } = planned;
    const fault = FAULTS[kind];
    const reason = fault.impossible?.(place, planned) ?? (since() + forMs > calmAtMs ? NO_TIME : undefined);
    if (reason !== undefined) {
      skipped.push({ kind, reason });
      return;
    }
    const span = { kind, target, what: fault.what(planned), fromMs: since() };
    const index = spans.push(span) - 1;
    say(`${target} ${span.what}`);
    const heal = await fault.hurt(place, planned);
    try {
      await pause(forMs - (since() - span.fromMs));
    } finally {
      await heal();
    }
    const end = Date.now() + WELL_WITHIN_MS;
    while (!(await isWell(place.shop, target))) {
      if (Date.now() > end) throw new Error(`${target} does not answer after it was ${span.what}`);
      await pause(LOOK_MS);
    }
    spans[index] = { ...span, untilMs: since() };
    say(`${target} answers again`);
  }

  async function start(planned: PlannedFault): Promise<void> {
    await pause(planned.atMs - since());
    const before = isAlone(planned.kind)
      ? [...busy.values()]
      : [planned.target, 'everything', 'workers'].flatMap((target) => busy.get(target) ?? []);
    const done = Promise.all(before)
      .then(() => suffer(planned))
      .catch((error: unknown) => {
        if (!signal.aborted) problems.push(`${planned.kind} of ${planned.target}: ${(error as Error).message}`);
      });
    busy.set(planned.target, done);
    await done;
  }

  const over = Promise.all(faults.map((planned) => start(planned).catch(() => undefined))).then(() => undefined);
  return { spans, skipped, problems, over };
}
