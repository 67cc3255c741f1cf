import fc from 'fast-check';
import { money } from '../../../src/domain/kernel/money.js';
import { priceLines, quoteCart, type LineRow, type QuoteInput } from '../../../src/domain/pricing/index.js';
import type { ShippingMethod } from '../../../src/domain/shipping/index.js';

const usd = (amount: number) => money(amount, 'USD');

const line = (change: Partial<LineRow>): LineRow => ({
  id: 'l',
  variantId: 'v',
  productId: 'p',
  vendorId: null,
  sku: 'S',
  title: 'T',
  taxClass: 'standard',
  quantity: 1,
  keptUnitPrice: 1_000,
  base: 1_000,
  variantAdjustment: 0,
  currency: 'USD',
  sold: true,
  available: 10,
  ...change,
});

const shipping = (price: number, taxClass = 'standard'): ShippingMethod => ({
  id: 'm',
  code: 'standard',
  name: 'Standard',
  country: null,
  minTotal: 0,
  maxTotal: null,
  price: usd(price),
  taxClass,
  position: 1,
});

const quote = (lines: readonly Partial<LineRow>[], change: Partial<QuoteInput> = {}) =>
  quoteCart({
    currency: 'USD',
    country: 'DE',
    pricesIncludeTax: false,
    lines: priceLines(lines.map(line), [], null),
    shipping: shipping(499),
    taxRates: new Map([
      ['standard', 1_900],
      ['reduced', 700],
    ]),
    ...change,
  });

test('quoteCart, with net prices, puts the tax of each line and of shipping on top', () => {
  const { lines, taxTotal, total } = quote([
    { base: 1_000, quantity: 3 },
    { base: 333, taxClass: 'reduced' },
  ]);
  expect(lines.map((each) => each.tax)).toEqual([usd(570), usd(23)]);
  expect(taxTotal).toEqual(usd(570 + 23 + 95));
  expect(total).toEqual(usd(3_333 + 499 + 688));
});

test('quoteCart, with gross prices, finds the tax inside them and charges no more', () => {
  const { lines, taxTotal, total } = quote([{ base: 11_900 }], { pricesIncludeTax: true, shipping: shipping(1_190) });
  expect(lines[0]?.tax).toEqual(usd(1_900));
  expect(taxTotal).toEqual(usd(1_900 + 190));
  expect(total).toEqual(usd(11_900 + 1_190));
});

test('quoteCart, when the tax ends in half a cent, rounds up per line and not on the sum', () => {
  const taxRates = new Map([['standard', 500]]);
  const { taxTotal } = quote([{ base: 10 }, { base: 10 }, { base: 10 }], { taxRates, shipping: shipping(0) });
  expect(taxTotal).toEqual(usd(3));
});

test('quoteCart, where the country has no rate for a class, adds no tax', () => {
  const { taxTotal, total } = quote([{ base: 1_000 }], { taxRates: new Map() });
  expect([taxTotal, total]).toEqual([usd(0), usd(1_499)]);
});

test('quoteCart taxes shipping by its own class', () => {
  expect(quote([{ base: 1_000 }], { shipping: shipping(1_000, 'reduced') }).taxTotal).toEqual(usd(190 + 70));
});

test('quoteCart, when everything is free, splits shipping by quantity', () => {
  const { lines } = quote(
    [
      { base: 0, quantity: 1 },
      { base: 0, quantity: 3 },
    ],
    { shipping: shipping(400) },
  );
  expect(lines.map((each) => each.shipping)).toEqual([usd(100), usd(300)]);
});

test('quoteCart, for any cart, is the sum of its parts to the minor unit', () => {
  const anyLine = fc.record({
    base: fc.integer({ min: 0, max: 100_000_000 }),
    quantity: fc.integer({ min: 1, max: 9_999 }),
    taxClass: fc.constantFrom('standard', 'reduced', 'unknown'),
  });
  fc.assert(
    fc.property(
      fc.array(anyLine, { minLength: 1, maxLength: 20 }),
      fc.integer({ min: 0, max: 1_000_000 }),
      fc.boolean(),
      fc.integer({ min: 0, max: 10_000 }),
      (lines, shippingPrice, pricesIncludeTax, rate) => {
        const made = quote(lines, {
          pricesIncludeTax,
          shipping: shipping(shippingPrice),
          taxRates: new Map([
            ['standard', rate],
            ['reduced', 700],
          ]),
        });
        const sum = (of: (each: (typeof made.lines)[number]) => number) =>
          made.lines.reduce((total, each) => total + of(each), 0);
        expect(sum((each) => each.lineTotal.amount)).toBe(made.subtotal.amount);
        expect(sum((each) => each.shipping.amount)).toBe(made.shippingTotal.amount);
        expect(sum((each) => each.tax.amount + each.shippingTax.amount)).toBe(made.taxTotal.amount);
        expect(
          made.lines.every((each) => each.tax.amount >= 0 && each.shipping.amount >= 0 && each.shippingTax.amount >= 0),
        ).toBe(true);
        expect(made.total.amount).toBe(
          made.subtotal.amount + made.shippingTotal.amount + (pricesIncludeTax ? 0 : made.taxTotal.amount),
        );
      },
    ),
  );
});
