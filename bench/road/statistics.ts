/** Of latencies, in the unit they came in. */
export interface Spread {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** The nearest-rank quantile: a value that was measured. NaN of nothing. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

export const spreadOf = (values: readonly number[]): Spread => ({
  p50: median(values),
  p95: quantile(values, 0.95),
  p99: quantile(values, 0.99),
});

/** What was used between two readings, for each of `operations`. Names that one reading lacks count as 0 there. */
export function perOperation(
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
  operations: number,
): Record<string, number> {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return Object.fromEntries(names.map((name) => [name, ((after[name] ?? 0) - (before[name] ?? 0)) / operations]));
}

export const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);
