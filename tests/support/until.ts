import { setTimeout as sleep } from 'node:timers/promises';

/** Looks until it is so. @throws when it never is */
export async function until<T, Good extends T>(
  what: string,
  look: () => Promise<T>,
  good: (seen: T) => seen is Good,
  withinMs?: number,
): Promise<Good>;
export async function until<T>(
  what: string,
  look: () => Promise<T>,
  good: (seen: T) => boolean,
  withinMs?: number,
): Promise<T>;
export async function until<T>(
  what: string,
  look: () => Promise<T>,
  good: (seen: T) => boolean,
  withinMs = 30_000,
): Promise<T> {
  for (const end = Date.now() + withinMs; ; await sleep(50)) {
    const seen = await look();
    if (good(seen)) return seen;
    if (Date.now() > end) throw new Error(`${what} never happened; last seen: ${JSON.stringify(seen)}`);
  }
}
