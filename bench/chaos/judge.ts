import type { FaultSpan } from './contracts.js';
import type { Found } from './facts.js';

/** Why a fault was left out that the plan had room for. */
export const NO_TIME = 'there was no time left';

/** From here on the plan has each kind early enough that a slow machine comes to it. */
const ALL_KINDS_IN_MINUTES = 15;

/** Of the kinds wanted, those that a run which is to have all of them had not, though they are possible here. */
export function neverCame(
  minutes: number,
  kinds: readonly string[],
  {
    skipped,
    spans,
  }: {
    readonly skipped: readonly { readonly kind: string; readonly reason: string }[];
    readonly spans: readonly Pick<FaultSpan, 'kind'>[];
  },
): string[] {
  if (minutes < ALL_KINDS_IN_MINUTES) return [];
  const came = new Set<string>(spans.map(({ kind }) => kind));
  const impossible = new Set(skipped.filter(({ reason }) => reason !== NO_TIME).map(({ kind }) => kind));
  return kinds
    .filter((kind) => !came.has(kind) && !impossible.has(kind))
    .map((kind) => `${kind} never came: ${NO_TIME}`);
}

/** What leaked at a moment; null: the database could not be asked. */
export interface LeakLook {
  readonly atMs: number;
  readonly leaked: readonly Found['ids'][] | null;
}

/** A minute of hold, 15 s of grace and 30 s until the next sweep, and a little. */
const MENDED_WITHIN_MS = 120_000;
/** From the end of a fault until all that sweeps is surely at work again. */
const RECOVERS_MS = 15_000;
/** What a sweep needs. */
const SWEEPERS = ['postgres', 'temporal', 'workers', 'worker-1', 'worker-2', 'everything'];
const SHOWN = 5;

/** What leaked for longer than a sweep takes to find it, counting the time in which it could: all that it needs was well. */
export function leakedInPeace(looks: readonly LeakLook[], spans: readonly FaultSpan[]): string[] {
  const hurt = spans.filter(({ target }) => SWEEPERS.includes(target));
  const peaceful = (fromMs: number, toMs: number): boolean =>
    !hurt.some((span) => span.fromMs < toMs && (span.untilMs ?? Infinity) + RECOVERS_MS > fromMs);
  let since = new Map<string, number>();
  const longest = new Map<string, number>();
  let before: LeakLook | undefined;
  for (const look of looks) {
    if (look.leaked !== null) {
      const passed = before?.leaked != null && peaceful(before.atMs, look.atMs) ? look.atMs - before.atMs : 0;
      since = new Map(
        look.leaked.map((ids) => {
          const name = named(ids);
          const lasted = since.has(name) ? (since.get(name) ?? 0) + passed : 0;
          longest.set(name, Math.max(lasted, longest.get(name) ?? 0));
          return [name, lasted];
        }),
      );
    }
    before = look;
  }
  const stayed = [...longest].filter(([, lasted]) => lasted > MENDED_WITHIN_MS);
  return [
    ...stayed
      .slice(0, SHOWN)
      .map(([name, lasted]) => `leaked for ${Math.round(lasted / 1_000)} s in which it could be mended: ${name}`),
    ...(stayed.length > SHOWN ? [`and ${stayed.length - SHOWN} more leaked as long`] : []),
  ];
}

const named = (ids: Found['ids']): string =>
  Object.entries(ids)
    .map((pair) => pair.join(' '))
    .join(', ');
