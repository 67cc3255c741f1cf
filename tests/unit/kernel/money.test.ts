import fc from 'fast-check';
import { add, allocate, money, portion, roundDiv, subtract, times, zero } from '../../../src/domain/kernel/money.js';

const usd = (amount: number) => money(amount, 'USD');
const MOST = Number.MAX_SAFE_INTEGER;
const amount = fc.integer({ min: -1_000_000_000_000, max: 1_000_000_000_000 });
const safe = fc.maxSafeInteger();

test.each([
  [5n, 10n, 1],
  [-5n, 10n, -1],
  [5n, -10n, -1],
  [4n, 10n, 0],
  [-4n, 10n, 0],
  [15n, 10n, 2],
  [25n, 10n, 3],
  [0n, 7n, 0],
  [BigInt(MOST), 1n, MOST],
])('roundDiv(%s, %s) is %s', (numerator, denominator, expected) => {
  expect(roundDiv(numerator, denominator)).toBe(expected);
});

test('roundDiv is never more than half off, and an exact half goes away from zero', () => {
  fc.assert(
    fc.property(safe, fc.integer({ min: 1, max: 1_000_000 }), fc.boolean(), (n, d, negative) => {
      const [top, bottom] = [BigInt(n), BigInt(negative ? -d : d)];
      const result = BigInt(roundDiv(top, bottom));
      const off = 2n * (result * bottom - top);
      const away = off < 0n ? -off : off;
      expect(away <= BigInt(d)).toBe(true);
      const size = (value: bigint) => (value < 0n ? -value : value);
      expect(away < BigInt(d) || size(result * bottom) > size(top)).toBe(true);
    }),
  );
});

test('roundDiv is the same to both sides of zero, and never negative zero', () => {
  fc.assert(
    fc.property(amount, fc.integer({ min: 1, max: 100_000 }), (n, d) => {
      const result = roundDiv(BigInt(n), BigInt(d));
      expect(roundDiv(BigInt(-n), BigInt(d))).toBe(result === 0 ? 0 : -result);
      expect(Object.is(result, -0)).toBe(false);
    }),
  );
});

test('roundDiv, by zero or beyond what is counted exactly, throws', () => {
  expect(() => roundDiv(1n, 0n)).toThrow(RangeError);
  expect(() => roundDiv(BigInt(MOST) + 1n, 1n)).toThrow(RangeError);
});

test('portion, of all, is all; of nothing, nothing; and a part and its rest differ from the whole by one at most', () => {
  fc.assert(
    fc.property(amount, fc.integer({ min: 0, max: 10_000 }), (whole, share) => {
      expect(portion(usd(whole), 10_000)).toEqual(usd(whole));
      expect(portion(usd(whole), 0)).toEqual(zero('USD'));
      const sum = add(portion(usd(whole), share), portion(usd(whole), 10_000 - share)).amount;
      expect(Math.abs(sum - whole)).toBeLessThanOrEqual(1);
    }),
  );
});

test('portion, of the largest amount, is exact', () => {
  expect(portion(usd(MOST), 9_999).amount).toBe(Number((BigInt(MOST) * 9_999n * 2n + 10_000n) / 20_000n));
});

const weights = fc.array(fc.integer({ min: 0, max: 1_000_000_000_000 }), { minLength: 1, maxLength: 40 });

test('allocate sums exactly to the amount, for any weights, also where all are zero', () => {
  fc.assert(
    fc.property(safe, weights, (total, by) => {
      const parts = allocate(usd(total), by);
      expect(parts.reduce((sum, part) => sum + BigInt(part.amount), 0n)).toBe(BigInt(total));
      expect(parts).toHaveLength(by.length);
    }),
  );
});

test('allocate gives each its exact share, less or more by under one, and nothing to a weight of zero', () => {
  fc.assert(
    fc.property(amount, weights, (total, by) => {
      const sum = by.reduce((a, b) => a + BigInt(b), 0n);
      fc.pre(sum > 0n);
      allocate(usd(total), by).forEach((part, index) => {
        const off = BigInt(part.amount) * sum - BigInt(total) * BigInt(by[index] ?? 0);
        expect((off < 0n ? -off : off) < sum).toBe(true);
        expect(by[index] === 0 && part.amount !== 0).toBe(false);
      });
    }),
  );
});

test('allocate, for equal weights, favours the earlier by one at most', () => {
  expect(allocate(usd(10), [1, 1, 1]).map((part) => part.amount)).toEqual([4, 3, 3]);
  expect(allocate(usd(-10), [1, 1, 1]).map((part) => part.amount)).toEqual([-4, -3, -3]);
  expect(allocate(usd(5), [0, 0]).map((part) => part.amount)).toEqual([3, 2]);
  expect(allocate(usd(5), [])).toEqual([]);
});

test('allocate, by weights whose sum is beyond exact counting, still sums exactly', () => {
  expect(allocate(usd(MOST), [MOST, MOST, MOST]).reduce((sum, part) => sum + BigInt(part.amount), 0n)).toBe(
    BigInt(MOST),
  );
});

test('money, that is no whole number of minor units or too large, throws', () => {
  for (const bad of [0.5, NaN, Infinity, MOST + 1]) expect(() => usd(bad)).toThrow(RangeError);
  expect(() => times(usd(MOST), 2)).toThrow(RangeError);
  expect(() => add(usd(MOST), usd(1))).toThrow(RangeError);
  expect(Object.is(usd(-0).amount, 0)).toBe(true);
});

test('amounts of different currencies are never added or subtracted', () => {
  for (const mix of [() => add(usd(1), money(1, 'EUR')), () => subtract(usd(1), money(1, 'EUR'))])
    expect(mix).toThrow(expect.objectContaining({ code: 'conflict' }));
});
