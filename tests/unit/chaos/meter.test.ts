import { byKind, errorWindows } from '../../../bench/chaos/error-windows.js';
import type { CallRecord, FaultSpan } from '../../../bench/chaos/contracts.js';
import { badOf, createMeter } from '../../../bench/chaos/meter.js';

const call = (atMs: number, change: Partial<CallRecord> = {}): CallRecord => ({
  ...{ call: 'GET /products', atMs, ms: 10, end: 'ok', status: 200 },
  ...change,
});
const unanswered = (atMs: number, end: 'cut' | 'late'): CallRecord => ({ call: 'GET /products', atMs, ms: 10, end });
const unavailable = { call: 'POST /checkout', end: 'unavailable', status: 503 } as const;
const fault = (change: Partial<FaultSpan> = {}): FaultSpan => ({
  ...{ kind: 'kill-api', target: 'api-1', what: 'killed', fromMs: 10_000, untilMs: 14_000 },
  ...change,
});

/** A good call in each of 60 seconds, and a bad one in some. */
function minute(...badSeconds: readonly number[]) {
  const meter = createMeter();
  for (let second = 0; second < 60; second += 1) meter.record(call(second * 1_000));
  for (const second of badSeconds) meter.record(call(second * 1_000 + 1, unavailable));
  return meter;
}

test('a meter, of calls, counts each in the second in which it ended', () => {
  const meter = createMeter();
  meter.record(call(900, { ms: 300 }));
  meter.record(call(1_200, { end: 'refused', status: 409 }));
  meter.record(unanswered(2_000, 'cut'));
  expect(meter.seconds().map(({ ends }) => [ends.ok, ends.refused, ends.cut])).toEqual([
    [0, 0, 0],
    [1, 1, 0],
    [0, 0, 1],
  ]);
  expect(meter.seconds().map(badOf)).toEqual([0, 0, 1]);
  expect(meter.seconds()[2]?.bad).toEqual({ 'GET /products cut': 1 });
});

test('a meter, of many bad calls, keeps the first ones only and counts all', () => {
  const meter = createMeter();
  for (let index = 0; index < 2_000; index += 1) meter.record(call(index, unavailable));
  expect(meter.samples()).toHaveLength(500);
  expect(meter.calls()['POST /checkout']?.unavailable).toBe(2_000);
});

test('a quantile, of a meter, is near the true one and of the asked seconds only', () => {
  const meter = createMeter();
  for (let ms = 1; ms <= 100; ms += 1) meter.record(call(0, { ms }));
  meter.record(call(5_000, { ms: 900 }));
  const p95 = meter.quantile(0.95, 0, 1);
  expect(p95).toBeGreaterThanOrEqual(95);
  expect(p95).toBeLessThan(95 * 1.2);
  expect(meter.quantile(0.95, 5, 6)).toBeGreaterThan(899);
  expect(meter.quantile(0.95, 1, 5)).toBeNaN();
});

test('an error window, of a fault that callers met, is from the first bad answer to the last before they cease', () => {
  const [window] = errorWindows(minute(5, 11, 12, 17, 30).seconds(), [fault()]);
  expect(window).toMatchObject({ seconds: 7, errors: 3, kinds: { 'POST /checkout 503': 3 } });
});

test('an error window, of a fault that nobody met, is nothing', () => {
  const [window] = errorWindows(minute(30).seconds(), [fault()]);
  expect(window).toMatchObject({ seconds: 0, errors: 0, kinds: {} });
});

test('an error window, of a fault whose errors never cease, ends a minute after it', () => {
  const everySecond = Array.from({ length: 60 }, (_, second) => second);
  const [window] = errorWindows(minute(...everySecond).seconds(), [fault({ fromMs: 0, untilMs: 1_000 })]);
  expect(window?.seconds).toBe(60);
});

test('an error window, of faults that overlap, has the errors of both in each, and names the other', () => {
  const spans = [fault(), fault({ kind: 'kill-redis', target: 'redis', fromMs: 12_000, untilMs: 13_000 })];
  const windows = errorWindows(minute(12).seconds(), spans);
  expect(windows.map(({ errors, beside }) => [errors, beside])).toEqual([
    [1, ['kill-redis']],
    [1, ['kill-api']],
  ]);
});

test('an error window, of a fault that healed before the next one began, has none of its errors', () => {
  const next = fault({ kind: 'kill-postgres', target: 'postgres', fromMs: 16_000, untilMs: 20_000 });
  const seen = (...bad: readonly number[]): number[] =>
    errorWindows(minute(...bad).seconds(), [fault(), next]).map(({ errors }) => errors);
  expect(seen(11, 17, 18)).toEqual([1, 2]);
  expect(seen(11, 15, 16, 17)).toEqual([4, 2]);
});

test('the summary by kind, of several faults, has the middle and the worst of them and the most frequent answers', () => {
  const meter = minute(11, 12, 30, 31, 32, 33);
  meter.record(unanswered(33_500, 'late'));
  const spans = [fault(), fault({ fromMs: 30_000, untilMs: 31_000 }), fault({ fromMs: 50_000, untilMs: 51_000 })];
  expect(byKind(errorWindows(meter.seconds(), spans))).toMatchObject([
    {
      kind: 'kill-api',
      faults: 3,
      median: 2,
      longest: 4,
      errors: 7,
      which: ['POST /checkout 503', 'GET /products late'],
    },
  ]);
});
