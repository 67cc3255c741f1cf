import fc from 'fast-check';
import { DomainError } from '../../../src/domain/kernel/errors.js';
import {
  adjust,
  byVariant,
  dipped,
  isLow,
  MOST_ON_HAND,
  release,
  reserve,
  sell,
  shortages,
} from '../../../src/domain/inventory/stock.js';
import type { StockLevel } from '../../../src/domain/inventory/types.js';

const level = fc
  .record({ onHand: fc.nat(1_000), free: fc.nat(1_000) })
  .map(({ onHand, free }): StockLevel => ({ variantId: 'v', onHand: onHand + free, reserved: onHand }));
const quantity = fc.integer({ min: 1, max: 1_500 });
const isSound = ({ onHand, reserved }: StockLevel): boolean => reserved >= 0 && reserved <= onHand;

const resultOf = <T>(work: () => T): T | object => {
  try {
    return work();
  } catch (error) {
    if (error instanceof DomainError) return { refused: error.code, ...error.data };
    throw error;
  }
};

test('reserve takes what is free and refuses any more, naming what is left', () => {
  fc.assert(
    fc.property(level, quantity, (before, wanted) => {
      const free = before.onHand - before.reserved;
      expect(resultOf(() => reserve(before, wanted))).toEqual(
        wanted > free
          ? { refused: 'out_of_stock', variantId: 'v', available: free }
          : { ...before, reserved: before.reserved + wanted },
      );
    }),
  );
});

test('reserve and release leave a level as it was; reserve and sell take from both counters', () => {
  fc.assert(
    fc.property(level, quantity, (before, wanted) => {
      fc.pre(wanted <= before.onHand - before.reserved);
      const held = reserve(before, wanted);
      expect(release(held, wanted)).toEqual(before);
      expect(sell(held, wanted)).toEqual({ ...before, onHand: before.onHand - wanted });
      expect([held, release(held, wanted), sell(held, wanted)].every(isSound)).toBe(true);
    }),
  );
});

test('a variant dips when it was above its threshold and is not any more; without one, never', () => {
  const at = (free: number, lowAt: number | null): StockLevel => ({ variantId: 'v', onHand: free, reserved: 0, lowAt });
  fc.assert(
    fc.property(fc.nat(9), fc.nat(9), fc.nat(9), (was, is, lowAt) => {
      expect(dipped({ before: at(was, lowAt), after: at(is, lowAt) })).toBe(was > lowAt && is <= lowAt);
      expect(dipped({ before: at(was, null), after: at(is, null) })).toBe(false);
      expect(isLow({ ...at(is + was, lowAt), reserved: was })).toBe(is <= lowAt);
    }),
  );
});

test('adjust never falls below what is reserved nor above what can be counted', () => {
  fc.assert(
    fc.property(level, fc.integer({ min: -3_000, max: 3_000 }), (before, delta) => {
      expect(resultOf(() => adjust(before, delta))).toEqual(
        before.onHand + delta < before.reserved
          ? { refused: 'out_of_stock', variantId: 'v', reserved: before.reserved }
          : { ...before, onHand: before.onHand + delta },
      );
    }),
  );
  expect(adjust({ variantId: 'v', onHand: 0, reserved: 0 }, MOST_ON_HAND).onHand).toBe(MOST_ON_HAND);
  expect(() => adjust({ variantId: 'v', onHand: 1, reserved: 0 }, MOST_ON_HAND)).toThrow(
    expect.objectContaining({ code: 'validation_failed' }),
  );
});

const lines = fc.array(
  fc.record({ variantId: fc.constantFrom('a', 'b', 'c', 'd'), quantity: fc.integer({ min: 1, max: 9 }) }),
  { maxLength: 12 },
);

test('byVariant keeps every piece, names each variant once and always in one order', () => {
  fc.assert(
    fc.property(lines, (given) => {
      const sums = byVariant(given);
      const total = (of: readonly { quantity: number }[]) => of.reduce((sum, line) => sum + line.quantity, 0);
      expect(total(sums)).toBe(total(given));
      expect(sums.map((line) => line.variantId)).toEqual([...new Set(given.map((line) => line.variantId))].sort());
      expect(byVariant([...given].reverse())).toEqual(sums);
    }),
  );
});

test('shortages names exactly the variants of which too little is free, unknown ones with none', () => {
  fc.assert(
    fc.property(lines, fc.nat(20), fc.nat(20), (given, onHand, reserved) => {
      const known = new Map([['a', { variantId: 'a', onHand, reserved: Math.min(onHand, reserved) }]]);
      const free = onHand - Math.min(onHand, reserved);
      const wanted = byVariant(given);
      expect(shortages(known, given)).toEqual(
        wanted
          .filter((line) => line.variantId !== 'a' || line.quantity > free)
          .map(({ variantId }) => ({ variantId, available: variantId === 'a' ? free : 0 })),
      );
    }),
  );
});
