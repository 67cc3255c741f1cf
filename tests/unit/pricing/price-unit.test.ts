import fc from 'fast-check';
import { money } from '../../../src/domain/kernel/money.js';
import { priceUnit, type PriceInput } from '../../../src/domain/pricing/index.js';

const usd = (amount: number) => money(amount, 'USD');
const GOLD = { code: 'GOLD', name: 'Gold', discountBp: 1_500 };
const TEN_OFF_TEN = { minQuantity: 10, discountBp: 1_000 };

const input = (change: Partial<PriceInput> = {}): PriceInput => ({
  base: usd(50_000),
  variantAdjustment: usd(5_000),
  breaks: [TEN_OFF_TEN],
  tier: GOLD,
  quantity: 10,
  ...change,
});

test('priceUnit, for ten of a gold customer, takes the quantity break and then the tier', () => {
  expect(priceUnit(input())).toEqual({
    unit: usd(42_075),
    total: usd(420_750),
    quantity: 10,
    adjustments: [
      { kind: 'base', label: 'Base price', rate: null, amount: usd(50_000), unitPrice: usd(50_000) },
      { kind: 'variant', label: 'Variant', rate: null, amount: usd(5_000), unitPrice: usd(55_000) },
      { kind: 'quantity_break', label: '10 or more', rate: -1_000, amount: usd(-5_500), unitPrice: usd(49_500) },
      { kind: 'tier', label: 'Gold', rate: -1_500, amount: usd(-7_425), unitPrice: usd(42_075) },
    ],
  });
});

test('priceUnit, below the smallest break, takes the tier alone', () => {
  expect(priceUnit(input({ quantity: 9 })).unit).toEqual(usd(46_750));
});

test('priceUnit, when several breaks are earned, takes the largest discount and not the highest quantity', () => {
  const breaks = [{ minQuantity: 2, discountBp: 2_000 }, TEN_OFF_TEN, { minQuantity: 100, discountBp: 9_000 }];
  const { adjustments } = priceUnit(input({ breaks, tier: null, quantity: 50 }));
  expect(adjustments.at(-1)).toMatchObject({ kind: 'quantity_break', label: '2 or more', rate: -2_000 });
});

test('priceUnit rounds after each step, the break before the tier', () => {
  // Rounded once it would be 19, and 19 with the steps the other way round.
  const { adjustments } = priceUnit(input({ base: usd(25), variantAdjustment: usd(0) }));
  expect(adjustments.map((step) => step.unitPrice.amount)).toEqual([25, 23, 20]);
});

test('priceUnit, when the variant takes off more than the base, is zero and says by how much it fell', () => {
  const price = priceUnit(input({ variantAdjustment: usd(-60_000) }));
  expect(price.unit).toEqual(usd(0));
  expect(price.adjustments[1]).toMatchObject({ kind: 'variant', amount: usd(-50_000) });
});

const anyInput = fc.record({
  base: fc.integer({ min: 0, max: 10_000_000_000 }).map(usd),
  variantAdjustment: fc.integer({ min: -10_000_000, max: 10_000_000 }).map(usd),
  breaks: fc.array(
    fc.record({ minQuantity: fc.integer({ min: 2, max: 200 }), discountBp: fc.integer({ min: 1, max: 10_000 }) }),
    { maxLength: 5 },
  ),
  tier: fc.option(fc.integer({ min: 0, max: 10_000 }).map((discountBp) => ({ code: 'T', name: 'T', discountBp }))),
  quantity: fc.integer({ min: 1, max: 9_999 }),
});

test('priceUnit, for any input, is explained step by step without a gap, in order, and never negative', () => {
  fc.assert(
    fc.property(anyInput, (any) => {
      const { unit, total, adjustments } = priceUnit(any);
      const kinds = ['base', 'variant', 'quantity_break', 'tier'];
      const order = adjustments.map((step) => kinds.indexOf(step.kind));
      expect(order).toEqual([...new Set(order)].sort((a, b) => a - b));
      expect(order[0]).toBe(0);
      expect(adjustments.reduce((sum, step) => sum + step.amount.amount, 0)).toBe(unit.amount);
      expect(adjustments.every((step) => step.unitPrice.amount >= 0)).toBe(true);
      expect(adjustments.at(-1)?.unitPrice).toEqual(unit);
      expect(total.amount).toBe(unit.amount * any.quantity);
    }),
  );
});

test('priceUnit, for a larger quantity, never costs more a unit', () => {
  fc.assert(
    fc.property(anyInput, fc.integer({ min: 0, max: 500 }), (any, more) => {
      expect(priceUnit({ ...any, quantity: any.quantity + more }).unit.amount).toBeLessThanOrEqual(
        priceUnit(any).unit.amount,
      );
    }),
  );
});
