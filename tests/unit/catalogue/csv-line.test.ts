import fc from 'fast-check';
import { parseCsvLine, readHeader } from '../../../src/domain/catalogue/csv-line.js';
import { readEntries } from '../../../src/domain/catalogue/read-entries.js';
import type { SourceLine } from '../../../src/domain/catalogue/ports.js';
import { splitLines } from '../../../src/infra/files/split-lines.js';

const HEADER = 'sku,title,category,price_cents,currency';
const columns = (more = ''): readonly string[] => readHeader(`${HEADER}${more}`);
const parse = (more: string, text: string) => parseCsvLine(columns(more), text, 'USD');

test('parseCsvLine, given every kind of column, reads a whole product', () => {
  const more =
    ',mpn,brand,description,ean,released_at,image_url,stock,attribute:colour,attribute:watts,attribute:code,attribute:safe';
  const text =
    'P-1,"Lamp, large",Home > Lamps,1999,USD,L1,Acme,"says ""hi""",12345678|87654321,2024-05-01,https://img.example/l.jpg,4,red,60,007,true';
  expect(parse(more, text)).toEqual({
    kind: 'line',
    line: {
      sku: 'P-1',
      title: 'Lamp, large',
      category: ['Home', 'Lamps'],
      price_cents: 1999,
      currency: 'USD',
      mpn: 'L1',
      brand: 'Acme',
      description: 'says "hi"',
      ean: ['12345678', '87654321'],
      released_at: '2024-05-01',
      image_url: 'https://img.example/l.jpg',
      stock: 4,
      attributes: { colour: 'red', watts: 60, code: '007', safe: true },
    },
  });
});

test('parseCsvLine, given option columns, makes a variant for each combination', () => {
  const parsed = parse(',option:Size,option:Colour', 'TEE,Tee,Clothes,1000,USD,S|L=200,red|blue');
  expect(parsed).toMatchObject({
    kind: 'line',
    line: {
      variants: [
        { sku: 'TEE', options: { Size: 'S', Colour: 'red' }, price_cents: 1000 },
        { sku: 'TEE-S-BLUE', options: { Size: 'S', Colour: 'blue' }, price_cents: 1000 },
        { sku: 'TEE-L-RED', options: { Size: 'L', Colour: 'red' }, price_cents: 1200 },
        { sku: 'TEE-L-BLUE', options: { Size: 'L', Colour: 'blue' }, price_cents: 1200 },
      ],
    },
  });
});

test('parseCsvLine, given a variants column, reads it as NDJSON has it', () => {
  const parsed = parse(',variants', `TEE,Tee,Clothes,1000,USD,"[{""sku"":""TEE-M"",""options"":{""Size"":""M""}}]"`);
  expect(parsed).toMatchObject({ kind: 'line', line: { variants: [{ sku: 'TEE-M', options: { Size: 'M' } }] } });
});

test.each<[string, string, string, string]>([
  ['too few cells', '', 'A,T,C,1', '(line)'],
  ['a quote in the middle', '', 'A,5" disk,C,1,USD', '(line)'],
  ['a price that is no number', '', 'A,T,C,1.50x,USD', 'price_cents'],
  ['a fraction of a cent', '', 'A,T,C,1.5,USD', 'price_cents'],
  ['an exponent', '', 'A,T,C,1e3,USD', 'price_cents'],
  ['no title', '', 'A,,C,1,USD', 'title'],
  ['a foreign currency', '', 'A,T,C,1,EUR', 'currency'],
  ['an option that costs less than nothing', ',option:Size', 'A,T,C,1,USD,S|M=-2', 'options'],
  ['variants that are not JSON', ',variants', 'A,T,C,1,USD,oops', 'variants'],
  ['options beside variants', ',option:Size,variants', 'A,T,C,1,USD,S|M,[]', 'options'],
  ['a null character', '', 'A,T\0,C,1,USD', '(line)'],
])('parseCsvLine, given %s, refuses that line and names the field', (_, more, text, field) => {
  const parsed = parse(more, text);
  expect(parsed).toMatchObject({ kind: 'refused', problems: [{ field, reason: expect.any(String) }] });
});

test.each([
  ['lacks a column', 'sku,title', /lacks category, price_cents, currency/],
  ['names one twice', `${HEADER},sku`, /names sku twice/],
  ['is empty', '', /header/],
])('readHeader, when it %s, refuses the file', (_, text, message) => {
  expect(() => readHeader(text)).toThrow(message);
});

const quoted = (cell: string): string => `"${cell.replaceAll('"', '""')}"`;
async function* chopped(bytes: Buffer, size: number): AsyncIterable<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

test('CSV records, whatever their cells hold and however their bytes come, are read back from any of them on', async () => {
  const title = fc
    .string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r\n', 'ß', '|', ' '), minLength: 1, maxLength: 12 })
    .map((text) => `x${text}x`);
  await fc.assert(
    fc.asyncProperty(
      fc.array(title, { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 9 }),
      async (titles, size) => {
        const rows = titles.map((each, index) => `S-${index},${quoted(each)},C,1,USD`);
        const bytes = Buffer.from([HEADER, ...rows].join('\n'));
        const file = {
          format: 'csv' as const,
          fingerprint: '-',
          size: null,
          lines: (from: { line: number; offset: number }) =>
            splitLines(chopped(bytes.subarray(from.offset), size), from, 'csv'),
        };
        const read = async (from: { line: number; offset: number }) => {
          const seen: { line: number; end: number; title: string }[] = [];
          for await (const { line, end, parsed } of readEntries(file, from, 'USD'))
            seen.push({ line, end, title: parsed.kind === 'line' ? parsed.line.title : JSON.stringify(parsed) });
          return seen;
        };
        const all = await read({ line: 0, offset: 0 });
        expect(all.map((each) => each.title)).toEqual(titles.map((each) => each.trim()));
        const middle = all[Math.floor(all.length / 2)] ?? { line: 0, end: 0 };
        expect(await read({ line: middle.line, offset: middle.end })).toEqual(
          all.filter((each) => each.line > middle.line),
        );
      },
    ),
    { numRuns: 100 },
  );
});

async function cut(bytes: Buffer, size: number, from = { line: 0, offset: 0 }): Promise<SourceLine[]> {
  const seen: SourceLine[] = [];
  for await (const line of splitLines(chopped(bytes.subarray(from.offset), size), from, 'csv')) seen.push(line);
  return seen;
}
const UNCLOSED = 'opens a quote that no cell ends with';
const told = (lines: readonly SourceLine[]) => lines.map(({ line, text, problem }) => [line, text ?? problem]);

test.each([1, 7, 64, 4_096])(
  'a CSV file, when a quote is never closed, loses that line alone (read %i bytes at a time)',
  async (size) => {
    const bytes = Buffer.from(`${HEADER}\nA,T,C,1,USD\nB,"T,C,1,USD\nC,T,C,1,USD\nD,T,C,1,USD`);
    const lines = await cut(bytes, size);
    expect(told(lines)).toEqual([
      [1, HEADER],
      [2, 'A,T,C,1,USD'],
      [3, UNCLOSED],
      [4, 'C,T,C,1,USD'],
      [5, 'D,T,C,1,USD'],
    ]);
    const refused = lines[2];
    expect(await cut(bytes, size, { line: 3, offset: refused?.end ?? 0 })).toEqual(lines.slice(3));
  },
);

test('a CSV file, when the next quoted cell ends a quote that was never closed, loses that line alone', async () => {
  const lines = await cut(Buffer.from('A,"T,C\nB,T,C\nC,"T, U",C\r\nD,"T\nU",C\n'), 5);
  expect(told(lines)).toEqual([
    [1, UNCLOSED],
    [2, 'B,T,C'],
    [3, 'C,"T, U",C'],
    [5, 'D,"T\nU",C'],
  ]);
});

test('a CSV file, when a quote is not closed for a mebibyte, loses that line alone and keeps no more than that', async () => {
  const rows = Array.from({ length: 40_000 }, (_, index) => `S-${index},a product like any other,C,1,USD`);
  const bytes = Buffer.from(['A,"T,C,1,USD', ...rows, 'Z,"T,C,1,USD', 'END,T,C,1,USD'].join('\n'));
  expect(bytes.length).toBeGreaterThan(1_048_576);
  const lines = await cut(bytes, 65_536);
  expect(told(lines)).toEqual([
    [1, UNCLOSED],
    ...rows.map((row, index) => [index + 2, row]),
    [40_002, UNCLOSED],
    [40_003, 'END,T,C,1,USD'],
  ]);
  expect(lines.at(-1)?.end).toBe(bytes.length);
});

test('a CSV file, when a line is longer than a mebibyte, loses that line alone, quotes in it or not', async () => {
  const lines = await cut(Buffer.from(`A,"${'x'.repeat(1_048_577)}\nB,T\n`), 65_536);
  expect(told(lines)).toEqual([
    [1, 'is longer than 1048576 bytes'],
    [2, 'B,T'],
  ]);
});

test('a CSV file, whatever stands in it, is cut without losing a byte or a line, alike in pieces of any size', async () => {
  const text = fc.string({ unit: fc.constantFrom('"', '"', ',', '\n', '\r\n', 'a'), maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(text, fc.integer({ min: 1, max: 9 }), async (content, size) => {
      const bytes = Buffer.from(content);
      const lines = await cut(bytes, size);
      expect(lines).toEqual(await cut(bytes, 1_000));
      expect(lines.at(-1)?.end ?? 0).toBe(bytes.length);
      expect(lines.at(-1)?.line ?? 0).toBe(
        content.split('\n').length - (content.endsWith('\n') || content === '' ? 1 : 0),
      );
      for (const [index, { line, end }] of lines.entries())
        expect(await cut(bytes, size, { line, offset: end })).toEqual(lines.slice(index + 1));
    }),
    { numRuns: 300 },
  );
});
