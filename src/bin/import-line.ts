import type { ImportRecord } from '../domain/catalogue/index.js';

const BAR_WIDTH = 24;

/** How an import goes, in one line. */
export function inWords({ status, linesRead, created, updated, unchanged, refused }: ImportRecord): string {
  if (status === 'accepted') return 'accepted, waiting for a worker';
  return `${status}: ${linesRead} lines, ${created} created, ${updated} updated, ${unchanged} unchanged, ${refused} refused`;
}

/** The same with a bar, for a terminal of so many columns. */
export function asBar(record: ImportRecord, columns: number): string {
  const { bytesRead, bytesTotal } = record;
  if (bytesTotal === null || bytesTotal === 0) return inWords(record).slice(0, columns);
  const done = record.status === 'completed' ? 1 : Math.min(bytesRead / bytesTotal, 1);
  const filled = Math.round(done * BAR_WIDTH);
  const bar = `[${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}] ${String(Math.floor(done * 100)).padStart(3)} %`;
  return `${bar}  ${inWords(record)}`.slice(0, columns);
}
