import type { FaultSpan } from './contracts.js';

/** Which row each span has so that none lies on another, and how many rows that takes. */
export function lanesOf(spans: readonly FaultSpan[]): { readonly rows: number; readonly row: readonly number[] } {
  const free: number[] = [];
  const row = spans.map(() => 0);
  const order = [...spans.keys()].toSorted((a, b) => (spans[a]?.fromMs ?? 0) - (spans[b]?.fromMs ?? 0));
  for (const index of order) {
    const { fromMs = 0, untilMs = Infinity } = spans[index] ?? {};
    const found = free.findIndex((until) => until <= fromMs);
    const at = found < 0 ? free.length : found;
    free[at] = untilMs;
    row[index] = at;
  }
  return { rows: Math.max(1, free.length), row };
}
