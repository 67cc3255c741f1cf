import { judgeVitals, type VitalSample } from '../../../bench/chaos/flatness.js';
import { createRandom } from '../../../bench/chaos/random.js';
import { isClean, reportLines } from '../../../bench/chaos/report.js';
import { chaosReport } from './report-sample.js';

/** Every ten seconds, ten visits each. */
const samplesOf = (minutes: number, at: (minute: number) => Partial<VitalSample>): VitalSample[] =>
  Array.from({ length: minutes * 6 + 1 }, (_, index) => ({
    ...{ atMs: index * 10_000, visits: index * 10, pids: { 'api-1': 7 }, figures: {} },
    ...at(index / 6),
  }));

const figures = (minutes: number, name: string, at: (minute: number) => number): VitalSample[] =>
  samplesOf(minutes, (minute) => ({ figures: { [name]: at(minute) } }));

const noise = createRandom(1);
const MEMORY = 'memory of api-1, MB';

test('memory, growing by 2 MB a minute for an hour, is not flat and is named', () => {
  const { judged, grew, rows } = judgeVitals(
    figures(60, MEMORY, (minute) => 150 + 2 * minute),
    true,
  );
  expect({ judged, grew }).toEqual({ judged: true, grew: [expect.stringContaining(`${MEMORY} grew`)] });
  expect(rows).toEqual([
    expect.objectContaining({ peak: 270, perHour: expect.closeTo(120, 1) as number, flat: false }),
  ]);
});

test('memory, jumping by a fifth around a level, is flat', () => {
  const samples = figures(60, MEMORY, () => noise.between(160, 230));
  expect(judgeVitals(samples, true)).toMatchObject({ judged: true, grew: [], rows: [{ flat: true }] });
});

test('memory, growing while the shop warms up and then no more, is flat', () => {
  const samples = figures(60, MEMORY, (minute) => Math.min(220, 100 + 10 * minute));
  expect(judgeVitals(samples, true).grew).toEqual([]);
});

test('a figure that grows, over less than ten minutes, gets no verdict and is told nonetheless', () => {
  const { judged, grew, rows } = judgeVitals(
    figures(9, MEMORY, (minute) => 100 + 50 * minute),
    true,
  );
  expect({ judged, grew }).toEqual({ judged: false, grew: [] });
  expect(rows).toEqual([expect.objectContaining({ name: MEMORY, peak: 550, flat: null })]);
});

test('a figure that grows, while the shop is hurt, gets no verdict', () => {
  const samples = figures(60, MEMORY, (minute) => 100 + 50 * minute);
  expect(judgeVitals(samples, false)).toMatchObject({ judged: false, grew: [], rows: [{ flat: null }] });
});

test('Redis keys, three for each visit, are flat though they grow', () => {
  const samples = figures(60, 'Redis keys', (minute) => 500 + 180 * minute);
  expect(judgeVitals(samples, true)).toMatchObject({ grew: [], rows: [{ flat: true, perVisit: [3, 3] }] });
});

test('Redis keys, ever more of them for each visit, are not flat', () => {
  const samples = figures(60, 'Redis keys', (minute) => 500 + 180 * minute + 3 * minute ** 2);
  expect(judgeVitals(samples, true).grew).toEqual([expect.stringContaining('Redis keys grew for each visit')]);
});

test('what nothing will ever remove from Redis, growing by a key in ten minutes, is not flat', () => {
  const samples = figures(60, 'Redis keys without an end', (minute) => Math.floor(minute / 10));
  expect(judgeVitals(samples, true).grew).toHaveLength(1);
});

test('a figure that could often not be read is judged by what was read, one that never could is not there', () => {
  const samples = samplesOf(60, (minute) => ({ figures: minute % 1 === 0 ? { [MEMORY]: 150 + 2 * minute } : {} }));
  expect(judgeVitals(samples, true).grew).toHaveLength(1);
  expect(judgeVitals([], true)).toMatchObject({ judged: false, rows: [], grew: [] });
});

test('a process, started again though nothing hurt it, is told', () => {
  const samples = samplesOf(60, (minute) => ({ pids: { 'api-1': minute < 30 ? 7 : 8 } }));
  expect(judgeVitals(samples, true).grew).toEqual([expect.stringContaining('api-1 was started again (1 times)')]);
});

test('a report, of a soak in which something grew, says what and is not clean', () => {
  const vitals = judgeVitals(
    figures(60, MEMORY, (minute) => 150 + 2 * minute),
    true,
  );
  const report = chaosReport({ vitals });
  expect(isClean(report)).toBe(false);
  expect(reportLines(report).join('\n')).toMatch(/PROBLEM: memory of api-1, MB grew/);
  expect(isClean(chaosReport({ vitals: judgeVitals(vitals.samples, false) }))).toBe(true);
});
