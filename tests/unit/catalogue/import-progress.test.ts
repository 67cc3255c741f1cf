import { asBar, inWords } from '../../../src/bin/import-line.js';
import type { ImportRecord } from '../../../src/domain/catalogue/types.js';

const record: ImportRecord = {
  importId: '1',
  status: 'running',
  failure: null,
  linesRead: 500,
  created: 490,
  updated: 5,
  unchanged: 3,
  refused: 2,
  source: 'file.ndjson',
  format: 'ndjson',
  uploaded: false,
  bytesRead: 25,
  bytesTotal: 100,
  startedBy: null,
  createdAt: '2026-01-01T00:00:00.000Z',
  finishedAt: null,
};

test('inWords, while no worker has begun, says what is waited for', () => {
  expect(inWords({ ...record, status: 'accepted' })).toBe('accepted, waiting for a worker');
});

test.each([
  [25, 100, '[######------------------]  25 %'],
  [0, 100, '[------------------------]   0 %'],
  [300, 100, '[########################] 100 %'],
])('asBar, with %d of %d bytes read, draws as much', (bytesRead, bytesTotal, bar) => {
  expect(asBar({ ...record, bytesRead, bytesTotal }, 200)).toBe(
    `${bar}  running: 500 lines, 490 created, 5 updated, 3 unchanged, 2 refused`,
  );
});

test('asBar, in a narrow terminal or where the size is not known, stays on one line without a bar of nothing', () => {
  expect(asBar(record, 40)).toHaveLength(40);
  expect(asBar({ ...record, bytesTotal: null }, 200)).toBe(inWords(record));
});
