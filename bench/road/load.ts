import { setTimeout as sleep } from 'node:timers/promises';

export interface Run {
  /** Of the operations that went well. Milliseconds. */
  readonly latencies: readonly number[];
  readonly seconds: number;
}

export type Work = (index: number) => Promise<void>;

/** So many at once, each starting anew when it is done, for a time or a number of operations. The first failure ends it. */
export async function closedLoop(
  work: Work,
  { concurrency, seconds = Infinity, count = Infinity }: { concurrency: number; seconds?: number; count?: number },
): Promise<Run> {
  const latencies: number[] = [];
  const began = performance.now();
  const end = began + seconds * 1_000;
  let next = 0;
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (next < count && performance.now() < end) {
        const index = next++;
        const started = performance.now();
        await work(index);
        latencies.push(performance.now() - started);
      }
    }),
  );
  return { latencies, seconds: (performance.now() - began) / 1_000 };
}

/** So many a second, whether the earlier ones are done or not; latencies count from when each was due. */
export async function openLoop(
  work: Work,
  { perSecond, count }: { readonly perSecond: number; readonly count: number },
): Promise<Run> {
  const latencies: number[] = [];
  const began = performance.now();
  const all: Promise<void>[] = [];
  for (let index = 0; index < count; index += 1) {
    const due = began + (index * 1_000) / perSecond;
    const early = due - performance.now();
    if (early > 0) await sleep(early);
    const one = work(index).then(() => void latencies.push(performance.now() - due));
    // The failure is thrown below; until then it must not count as unhandled.
    one.catch(() => undefined);
    all.push(one);
  }
  await Promise.all(all);
  return { latencies, seconds: (performance.now() - began) / 1_000 };
}
