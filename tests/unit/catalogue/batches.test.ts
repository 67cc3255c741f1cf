import { readEntries } from '../../../src/domain/catalogue/read-entries.js';
import { batches, halves } from '../../../src/domain/catalogue/batches.js';
import type { Source, SourceLine } from '../../../src/domain/catalogue/ports.js';

const json = (sku: string, variants: string[] = []) =>
  JSON.stringify({
    sku,
    title: 'T',
    category: ['C'],
    price_cents: 1,
    currency: 'USD',
    variants: variants.map((each) => ({ sku: each })),
  });

async function* lines(texts: readonly string[]): AsyncIterable<SourceLine> {
  for (const [index, text] of texts.entries()) yield { line: index + 1, end: (index + 1) * 10, text, problem: null };
}
const source = (...texts: string[]) => {
  const file: Source = { format: 'ndjson', fingerprint: '-', size: null, lines: () => lines(texts) };
  return readEntries(file, { line: 0, offset: 0 }, 'USD');
};

async function grouped(size: number, ...texts: string[]): Promise<number[][]> {
  const groups: number[][] = [];
  for await (const batch of batches(source(...texts), size)) groups.push(batch.map((entry) => entry.line));
  return groups;
}

test('batches, when there are more lines than fit, fills each batch', async () => {
  expect(await grouped(2, json('A'), json('B'), json('C'))).toEqual([[1, 2], [3]]);
});

test('batches, when a SKU comes again, ends the batch before it', async () => {
  expect(await grouped(10, json('A'), json('B'), json('A'), json('C'))).toEqual([
    [1, 2],
    [3, 4],
  ]);
});

test("batches, when another line's variant has the SKU, ends the batch before it", async () => {
  expect(await grouped(10, json('A', ['A-red']), json('A-red'))).toEqual([[1], [2]]);
});

test('batches, when lines are blank or bad, skips the blank ones and keeps the bad ones', async () => {
  expect(await grouped(10, json('A'), '  ', '{', json('B'))).toEqual([[1, 3, 4]]);
});

test('batches, when the file begins with a byte order mark, reads the first line', async () => {
  for await (const [entry] of batches(source(`\uFEFF${json('A')}`), 10)) expect(entry.parsed.kind).toBe('line');
  expect.assertions(1);
});

test('halves, when a batch is one line, answers null', async () => {
  for await (const batch of batches(source(json('A'), json('B'), json('C')), 10)) {
    const parts = halves(batch);
    expect(parts?.map((part) => part.map((entry) => entry.line))).toEqual([[1, 2], [3]]);
    expect(parts === null ? undefined : halves(parts[1])).toBeNull();
  }
});
