import type { BatchEntry } from './import-batch.js';
import { parseLine, refused, skusOf } from './import-line.js';
import type { SourceLine } from './ports.js';

export type Batch = [BatchEntry, ...BatchEntry[]];

/**
 * Parses lines and groups them, at most `size` together. A batch ends before a line whose SKU it already
 * holds, so that the later line of a file wins. Blank lines are skipped.
 */
export async function* batches(lines: AsyncIterable<SourceLine>, size: number, currency: string): AsyncIterable<Batch> {
  let batch: BatchEntry[] = [];
  let claimed = new Set<string>();
  for await (const { line, end, text, problem } of lines) {
    if (text?.trim() === '') continue;
    const parsed =
      text === null
        ? refused('(line)', problem ?? 'cannot be read')
        : parseLine(line === 1 ? text.replace(/^\uFEFF/, '') : text, currency);
    const skus = parsed.kind === 'line' ? skusOf(parsed.line) : [];
    if (isFilled(batch) && (batch.length === size || skus.some((sku) => claimed.has(sku)))) {
      yield batch;
      batch = [];
      claimed = new Set();
    }
    batch.push({ line, end, parsed });
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
