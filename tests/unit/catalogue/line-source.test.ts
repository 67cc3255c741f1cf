import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { SourceLine } from '../../../src/domain/catalogue/ports.js';
import type { ImportFormat } from '../../../src/domain/catalogue/types.js';
import { createLineSource } from '../../../src/infra/files/line-source.js';

const START = { line: 0, offset: 0 };
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lines-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function read(content: Buffer | string, from = START, format: ImportFormat = 'ndjson'): Promise<SourceLine[]> {
  const path = join(folder, 'file');
  await writeFile(path, content);
  const file = await createLineSource().open({ path, format });
  const lines: SourceLine[] = [];
  for await (const line of file.lines(from)) lines.push(line);
  return lines;
}

const texts = (lines: readonly SourceLine[]) => lines.map((line) => line.text);

test.each([
  ['plain', (text: string): Buffer => Buffer.from(text)],
  ['gzip', (text: string): Buffer => gzipSync(text)],
])('line source, when a %s file is read from the middle, goes on behind the line it stopped at', async (_, pack) => {
  const packed = pack('erste\nzwei – ß\r\n\nvier');
  const all = await read(packed);
  expect(texts(all)).toEqual(['erste', 'zwei – ß', '', 'vier']);
  const second = all[1];
  const rest = await read(packed, { line: 2, offset: second?.end ?? 0 });
  expect(rest).toEqual(all.slice(2));
});

test('line source, when a line holds Unicode line separators, keeps it whole', async () => {
  expect(texts(await read('a\u2028b\u0085c\n'))).toEqual(['a\u2028b\u0085c']);
});

test('line source, when a line is longer than a mebibyte, reports it and goes on with the next', async () => {
  const lines = await read(`${'x'.repeat(1_048_577)}\nnext\n`);
  expect(lines[0]).toMatchObject({ line: 1, text: null, problem: 'is longer than 1048576 bytes' });
  expect(lines[1]).toMatchObject({ line: 2, text: 'next', problem: null });
});

test('line source, when a line is not UTF-8, reports it and goes on with the next', async () => {
  const lines = await read(Buffer.concat([Buffer.from([0xff, 0xfe, 0x0a]), Buffer.from('next')]));
  expect(lines).toEqual([
    { line: 1, end: 3, text: null, problem: 'is not UTF-8' },
    { line: 2, end: 7, text: 'next', problem: null },
  ]);
});

test('line source, when a gzip file is cut short, refuses it as damaged', async () => {
  const whole = gzipSync(`${Math.random()}\n`.repeat(10));
  await expect(read(whole.subarray(0, whole.length - 6))).rejects.toMatchObject({ code: 'bad_request' });
});

test.each(['missing', '.'])('line source, when %s is no file, refuses it as not found', async (name) => {
  await expect(createLineSource().open({ path: join(folder, name), format: 'ndjson' })).rejects.toMatchObject({
    code: 'not_found',
  });
});

test('line source, when a file changes, has another fingerprint', async () => {
  const path = join(folder, 'file');
  await writeFile(path, 'a');
  const before = await createLineSource().open({ path, format: 'ndjson' });
  await writeFile(path, 'ab');
  const after = await createLineSource().open({ path, format: 'ndjson' });
  expect(after.fingerprint).not.toBe(before.fingerprint);
});
