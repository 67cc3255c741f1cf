import type { DomainError } from '../../../src/domain/kernel/errors.js';
import {
  assertMayBecome,
  mayBecome,
  newOrderNumber,
  orderContext,
  type OrderStatus,
} from '../../../src/domain/orders/index.js';

const ALL: readonly OrderStatus[] = [
  'pending',
  'confirmed',
  'shipped',
  'delivered',
  'cancelled',
  'returned',
  'refunded',
  'failed',
];
const ALLOWED = new Set([
  'pending>confirmed',
  'pending>cancelled',
  'pending>failed',
  'confirmed>shipped',
  'confirmed>cancelled',
  'confirmed>refunded',
  'shipped>delivered',
  'shipped>returned',
  'shipped>refunded',
  'delivered>returned',
  'delivered>refunded',
  'returned>refunded',
  'cancelled>refunded',
]);

test.each(ALL.flatMap((from) => ALL.map((to) => [from, to, ALLOWED.has(`${from}>${to}`)] as const)))(
  'an order that is %s, to become %s: %s',
  (from, to, allowed) => {
    expect(mayBecome(from, to)).toBe(allowed);
    const code = (): string => {
      try {
        assertMayBecome(from, to);
        return 'done';
      } catch (error) {
        return (error as DomainError).code;
      }
    };
    expect(code()).toBe(allowed ? 'done' : 'invalid_transition');
  },
);

test('an order number can be read out, is short, and tells nothing of the one before', () => {
  const numbers = Array.from({ length: 2_000 }, newOrderNumber);
  expect(numbers.every((number) => /^P-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/.test(number))).toBe(true);
  expect(new Set(numbers).size).toBe(numbers.length);
  const letters = new Set(numbers.join('').replace(/[P-]/g, ''));
  expect(letters.size).toBeGreaterThanOrEqual(31);
});

test('orderContext differs for every column and order', () => {
  const contexts = (['contact', 'shipping_address', 'billing_address'] as const).flatMap((column) =>
    ['a', 'b'].map((id) => orderContext(column, id)),
  );
  expect(new Set(contexts).size).toBe(6);
});
