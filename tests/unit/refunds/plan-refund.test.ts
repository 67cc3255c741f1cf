import fc from 'fast-check';
import {
  amountLeft,
  leftOf,
  planRefund,
  totalOf,
  type GivenParts,
  type Paid,
  type Parts,
  type RefundWish,
} from '../../../src/domain/refunds/index.js';
import { DomainError } from '../../../src/domain/kernel/errors.js';

const PAID: Paid = {
  lines: [
    { lineId: 'a', quantity: 3, restocked: 0, goods: 1_000, tax: 190 },
    { lineId: 'b', quantity: 1, restocked: 0, goods: 501, tax: 0 },
  ],
  shipping: 499,
  shippingTax: 95,
};
const TOTAL = 2_285;

const open = (parts: ReturnType<typeof planRefund>): GivenParts => ({ ...parts, open: true });
const refusal = (work: () => unknown): DomainError => {
  try {
    work();
  } catch (error) {
    return error as DomainError;
  }
  throw new Error('nothing was refused');
};

test('planRefund, of the whole order, gives back every part', () => {
  const parts = planRefund(PAID, [], { kind: 'whole', restock: true });
  expect(totalOf(parts)).toBe(TOTAL);
  expect(parts).toMatchObject({ shipping: 499, shippingTax: 95 });
  expect(parts.lines).toEqual([
    { lineId: 'a', quantity: 3, restock: 3, goods: 1_000, tax: 190 },
    { lineId: 'b', quantity: 1, restock: 1, goods: 501, tax: 0 },
  ]);
});

test('planRefund, of pieces one by one, rounds each and gives the last all that is left', () => {
  const one = { kind: 'parts', lines: [{ lineId: 'a', quantity: 1, restock: false }], shipping: false } as const;
  const given: GivenParts[] = [];
  for (let piece = 0; piece < 3; piece += 1) given.push(open(planRefund(PAID, given, one)));
  expect(given.map(totalOf)).toEqual([397, 397, 396]);
  expect(refusal(() => planRefund(PAID, given, one))).toMatchObject({
    code: 'not_refundable',
    data: { lineId: 'a', refundable: TOTAL - 1_190 },
  });
});

test('planRefund, of an amount, takes it from all parts in proportion', () => {
  const parts = planRefund(PAID, [], { kind: 'amount', amount: 1_000 });
  expect(totalOf(parts)).toBe(1_000);
  expect(parts.lines.map(({ quantity, restock }) => [quantity, restock])).toEqual([
    [0, 0],
    [0, 0],
  ]);
  expect(parts.shipping).toBe(218);
});

test('planRefund, of pieces whose goods are on the shelf already, shelves none twice', () => {
  const paid = { ...PAID, lines: PAID.lines.map((line) => ({ ...line, restocked: line.quantity - 1 })) };
  expect(planRefund(paid, [], { kind: 'whole', restock: true }).lines.map(({ restock }) => restock)).toEqual([1, 1]);
});

test.each<[string, RefundWish, string]>([
  ['a minor unit more than was paid', { kind: 'amount', amount: TOTAL + 1 }, 'not_refundable'],
  ['more pieces than were bought', parts('a', 4), 'not_refundable'],
  ['a line of another order', parts('c', 1), 'validation_failed'],
  ['nothing', { kind: 'parts', lines: [], shipping: false }, 'not_refundable'],
  [
    'a line named twice',
    { kind: 'parts', lines: [...parts('a', 1).lines, ...parts('a', 1).lines], shipping: false },
    'validation_failed',
  ],
])('planRefund, of %s, is refused', (_, wish, code) => {
  expect(refusal(() => planRefund(PAID, [], wish)).code).toBe(code);
});

function parts(lineId: string, quantity: number) {
  return { kind: 'parts', lines: [{ lineId, quantity, restock: false }], shipping: false } as const;
}

const money = fc.integer({ min: 0, max: 5_000_000_000 });
const paidOrders = fc
  .record({
    lines: fc.array(fc.record({ quantity: fc.integer({ min: 1, max: 50 }), goods: money, tax: money }), {
      minLength: 1,
      maxLength: 5,
    }),
    shipping: money,
    shippingTax: money,
  })
  .map(({ lines, ...rest }): Paid => ({
    ...rest,
    lines: lines.map((line, index) => ({ ...line, lineId: String(index), restocked: 0 })),
  }));
const wishes: fc.Arbitrary<RefundWish> = fc.oneof(
  fc.record({ kind: fc.constant('whole' as const), restock: fc.boolean() }),
  fc.record({
    kind: fc.constant('parts' as const),
    lines: fc.uniqueArray(
      fc.record({
        lineId: fc.integer({ min: 0, max: 4 }).map(String),
        quantity: fc.integer({ min: 1, max: 20 }),
        restock: fc.boolean(),
      }),
      { selector: (line) => line.lineId, maxLength: 4 },
    ),
    shipping: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('amount' as const), amount: fc.integer({ min: 1, max: 6_000_000_000 }) }),
);

/** Null for what is refused. */
function orRefused(paid: Paid, given: readonly GivenParts[], wish: RefundWish): Parts | null {
  try {
    return planRefund(paid, given, wish);
  } catch (error) {
    if (error instanceof DomainError) return null;
    throw error;
  }
}

test('refunds, whatever is asked for and in whatever order, give back no part twice and in the end the exact total', () => {
  fc.assert(
    fc.property(paidOrders, fc.array(wishes, { maxLength: 12 }), (paid, asked) => {
      const given: GivenParts[] = [];
      for (const wish of asked) {
        const planned = orRefused(paid, given, wish);
        if (planned === null) continue;
        expect(wish.kind === 'amount' ? wish.amount : totalOf(planned)).toBe(totalOf(planned));
        given.push(open(planned));
      }
      const all = amountLeft(paid);
      expect(given.reduce((sum, each) => sum + totalOf(each), 0)).toBeLessThanOrEqual(all);
      if (amountLeft(leftOf(paid, given)) > 0)
        given.push(open(planRefund(paid, given, { kind: 'whole', restock: true })));
      expect(given.reduce((sum, each) => sum + totalOf(each), 0)).toBe(all);
      for (const line of paid.lines) {
        const of = (what: 'goods' | 'tax' | 'quantity' | 'restock') =>
          given
            .flatMap((each) => each.lines.filter(({ lineId }) => lineId === line.lineId))
            .reduce((n, l) => n + l[what], 0);
        expect([of('goods'), of('tax')]).toEqual([line.goods, line.tax]);
        expect(of('quantity')).toBeLessThanOrEqual(line.quantity);
        expect(of('restock')).toBeLessThanOrEqual(line.quantity);
      }
      for (const each of given)
        for (const part of [each.shipping, each.shippingTax, ...each.lines.flatMap(({ goods, tax }) => [goods, tax])])
          expect(part).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: 300 },
  );
});
