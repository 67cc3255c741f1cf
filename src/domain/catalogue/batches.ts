import type { BatchEntry } from './import-batch.js';
import { skusOf } from './import-line.js';

export type Batch = [BatchEntry, ...BatchEntry[]];

/**
 * Groups parsed lines, at most `size` together. A batch ends before a line whose SKU it already holds, so that the later
 * line of a file wins.
 */
export async function* batches(entries: AsyncIterable<BatchEntry>, size: number): AsyncIterable<Batch> {
  let batch: BatchEntry[] = [];
  let claimed = new Set<string>();
  for await (const entry of entries) {
    const skus = entry.parsed.kind === 'line' ? skusOf(entry.parsed.line) : [];
    if (isFilled(batch) && (batch.length === size || skus.some((sku) => claimed.has(sku)))) {
      yield batch;
      batch = [];
      claimed = new Set();
    }
    batch.push(entry);
    for (const sku of skus) claimed.add(sku);
  }
  if (isFilled(batch)) yield batch;
}

/** A batch the database refused, in halves; null for a single line. */
export function halves(batch: Batch): [Batch, Batch] | null {
  const middle = Math.ceil(batch.length / 2);
  const [first, second] = [batch.slice(0, middle), batch.slice(middle)];
  return isFilled(first) && isFilled(second) ? [first, second] : null;
}

const isFilled = (entries: BatchEntry[]): entries is Batch => entries.length > 0;
