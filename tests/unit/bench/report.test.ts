import { format } from 'prettier';
import type { Measured } from '../../../bench/road/meter.js';
import { picture } from '../../../bench/road/picture.js';
import { compare, markdown, ratioOf, tablesOf, withTables, type Report } from '../../../bench/road/report.js';

const level = (concurrency: number, cpu: Record<string, number>): Measured => ({
  ...{ concurrency, operations: 100, perSecond: 50.04, p50: 1.24, p95: 12.6, p99: 99.4 },
  ...{ cpu, cpuTotal: Object.values(cpu).reduce((sum, value) => sum + value, 0), cpuAround: 1 },
  ...{ statements: 3, transactions: 1, coresElsewhere: 0.1 },
});

const spread = { p50: 80, p95: 120, p99: 150 };

function report(change: Partial<Report> = {}): Report {
  return {
    ...{ commit: 'abc', at: '2026-11-29T00:00:00.000Z', machine: '2 cores' },
    operations: [
      { name: 'product', floor: 'route', levels: [level(1, { api: 2 }), level(8, { api: 0.9, postgres: 0.3 })] },
      { name: 'full checkout', floor: 'checkout', levels: [level(1, { api: 1 }), level(8, { api: 10, worker: 50 })] },
    ],
    floors: [
      { name: 'a bare Koa route', floor: null, levels: [level(8, { floor: 0.1 })] },
      { name: 'plain checkout', floor: null, levels: [level(8, { floor: 15 })] },
    ],
    memory: { api: 120, worker: 240 },
    messages: { answer: spread, told: spread },
    slowProvider: { latencyMs: 500, ownShareOfAnswer: spread, ownShareOfWhole: spread },
    rush: {
      ...{ buyers: 1_000, pieces: 100, overSeconds: 10, orders: 100, flows: 104 },
      ...{ statuses: { 201: 100, 409: 900 }, success95: 900, refusal95: 400 },
    },
    knee: { sustained: 20, loads: [{ offered: 20, completed: 19.6, failed: 0, p95: 300, cores: { worker: 0.75 } }] },
    ...change,
  };
}

const rowOf = (which: Report, name: string): readonly string[] =>
  tablesOf(which)[0]?.rows.find(([first]) => first === name) ?? [];

test('the table of costs, of an operation, has its CPU by process at concurrency 8 and the ratio to its floor', () => {
  expect(rowOf(report(), 'product')).toEqual([
    'product',
    '1.2',
    '0.9',
    '0.0',
    '0.0',
    '0.3',
    '0.0',
    '0.0',
    '12.0 ×',
    '3.0 (1.0)',
  ]);
  expect(ratioOf(report(), report().operations[1]!)).toBe(4);
});

test('the table of costs, of a floor, shows its own process in the place of the API and no ratio', () => {
  expect(rowOf(report(), 'plain checkout').slice(0, 3)).toEqual(['plain checkout', '15.0', '15.0']);
  expect(rowOf(report(), 'plain checkout')[8]).toBe('');
});

test('the table of speeds, where a concurrency was not measured, says so', () => {
  const [, speeds] = tablesOf(report());
  expect(speeds?.rows.find(([name]) => name === 'plain checkout')).toEqual([
    'plain checkout',
    ...['–', '–', '1.2 / 13 / 99', '50.0'],
  ]);
});

test('the tables, in Markdown, are as the formatter would leave them', async () => {
  const text = `${markdown(report())}\n`;
  expect(await format(text, { parser: 'markdown', proseWrap: 'preserve' })).toBe(text);
});

const README =
  'before\n\n<!-- bench: written by `npm run bench -- --readme` -->\n\nearlier figures\n\n<!-- bench: end -->\n\nafter\n';

test('a README with markers, written twice, has the tables between them once and keeps the rest', () => {
  const once = withTables(README, report());
  expect(once.startsWith('before\n') && once.endsWith('<!-- bench: end -->\n\nafter\n')).toBe(true);
  expect(once).not.toContain('earlier figures');
  expect(withTables(once, report())).toBe(once);
});

test('a README without markers is refused', () => {
  expect(() => withTables('before\nafter\n', report())).toThrow('the README has no');
});

test('a comparison, of two runs, tells each operation that both have with its change', () => {
  const later = report({
    commit: 'def',
    operations: [
      { name: 'product', floor: 'route', levels: [level(8, { api: 0.6 })] },
      { name: 'new', floor: null, levels: [level(8, { api: 1 })] },
    ],
    floors: [],
  });
  expect(compare(report(), later)).toMatchObject({
    title: 'abc → def',
    rows: [['product', '1.2 → 0.6', '−50 %', '3.0 → 3.0', '13 → 13', '50.0 → 50.0']],
  });
});

test('the picture, of a report, has a bar for each operation and each floor', () => {
  const svg = picture(report());
  for (const name of ['product', 'full checkout', 'a bare Koa route', 'plain checkout'])
    expect(svg).toContain(`>${name}</text>`);
  expect(svg).toContain('60.0 ms');
});
