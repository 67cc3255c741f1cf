import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Console } from './console.js';
import { writePrivate } from './profile.js';
import type { ProcessSpec, RunningProcess, Supervisor } from './supervisor.js';

/** What somebody outside asks of a kept process, from its next start on. */
export interface Wish {
  /** Stays down while this stands. */
  readonly held?: boolean;
  /** Comes before its own variables. */
  readonly env?: Readonly<Record<string, string>>;
}

const AGAIN_AFTER_MS = 500;
const LOOK_EVERY_MS = 5_000;
/** Looks in a row: what passes by itself is left alone. */
const ILL_FOR = 3;

/** Writes a wish down where the keeper of a profile looks for it; without one, takes it back. */
export function wish(folder: string, name: string, wanted?: Wish): void {
  const file = wishFile(folder, name);
  mkdirSync(join(folder, 'keep'), { recursive: true });
  if (wanted === undefined) rmSync(file, { force: true });
  else writePrivate(file, JSON.stringify(wanted));
}

/**
 * A supervisor that starts again, by the same spec, whatever should stay and ends by itself, or runs and is of no use; as systemd
 * or Kubernetes would.
 */
export function keepAlive(
  supervisor: Supervisor,
  folder: string,
  console: Console,
  lookEveryMs = LOOK_EVERY_MS,
): Supervisor {
  const kept = new Map<string, ProcessSpec>();
  let stopping = false;

  async function start(spec: ProcessSpec): Promise<RunningProcess> {
    if (spec.mayEnd !== true) kept.set(spec.name, spec);
    const started = await supervisor.start({ ...spec, env: { ...spec.env, ...wishFor(folder, spec.name).env } });
    if (spec.ailment !== undefined) void watch(spec, spec.ailment, started);
    return started;
  }

  async function watch(
    spec: ProcessSpec,
    ailment: () => Promise<string | undefined>,
    { ended, stop }: RunningProcess,
  ): Promise<void> {
    const over = ended.then(() => true);
    for (let ill = 0; !(await Promise.race([over, sleep(lookEveryMs, false, { ref: false })]));) {
      const why = await Promise.race([over, ailment().catch(() => undefined)]);
      // One that ended meanwhile is started again for that.
      if (why === true) return;
      ill = why === undefined ? 0 : ill + 1;
      if (ill < ILL_FOR || stopping) continue;
      console.step(spec.name, `is started again: ${why}`);
      await stop();
      return startAgain(spec);
    }
  }

  async function startAgain(spec: ProcessSpec): Promise<void> {
    while (!stopping) {
      await sleep(AGAIN_AFTER_MS);
      if (wishFor(folder, spec.name).held === true) continue;
      try {
        await start(spec);
        return console.step(spec.name, 'up again');
      } catch (error) {
        if (!stopping) console.step(spec.name, `not up yet: ${(error as Error).message}`);
      }
    }
  }

  supervisor.onUnexpectedEnd((name, code) => {
    const spec = kept.get(name);
    if (spec === undefined) return;
    console.step(name, `ended with code ${code}`);
    void startAgain(spec);
  });

  return {
    start,
    stopAll() {
      stopping = true;
      return supervisor.stopAll();
    },
    // None is unexpected here.
    onUnexpectedEnd: () => undefined,
  };
}

function wishFor(folder: string, name: string): Wish {
  try {
    return JSON.parse(readFileSync(wishFile(folder, name), 'utf8')) as Wish;
  } catch {
    return {};
  }
}

const wishFile = (folder: string, name: string): string => join(folder, 'keep', `${name}.json`);
