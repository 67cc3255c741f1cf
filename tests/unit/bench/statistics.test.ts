import fc from 'fast-check';
import { perOperation, quantile, spreadOf } from '../../../bench/road/statistics.js';

test('a quantile, of values in any order, is the smallest one that enough of them do not exceed', () => {
  const values = [40, 10, 30, 20];
  expect([0.25, 0.5, 0.75, 0.95, 1].map((share) => quantile(values, share))).toEqual([10, 20, 30, 40, 40]);
});

test('a quantile, of a single value, is that value, and of none it is no number', () => {
  expect(quantile([7], 0.01)).toBe(7);
  expect(quantile([], 0.5)).toBeNaN();
});

test('a quantile, of any values, is one of them and leaves the asked share at or below it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer(), { minLength: 1 }),
      fc.double({ min: 0.01, max: 1, noNaN: true }),
      (values, share) => {
        const found = quantile(values, share);
        expect(values).toContain(found);
        expect(values.filter((value) => value <= found).length).toBeGreaterThanOrEqual(share * values.length - 1e-9);
      },
    ),
  );
});

test('a spread, of a hundred values, names the middle one and those near the end', () => {
  expect(spreadOf(Array.from({ length: 100 }, (_, index) => index + 1))).toEqual({ p50: 50, p95: 95, p99: 99 });
});

test('what an operation took, when a process appeared or went meanwhile, counts what is missing as nothing', () => {
  expect(perOperation({ api: 100, gone: 20 }, { api: 300, worker: 50 }, 10)).toEqual({ api: 20, gone: -2, worker: 5 });
});
