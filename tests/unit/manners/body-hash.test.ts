import fc from 'fast-check';
import { hashBody } from '../../../src/domain/idempotency/index.js';

test('hashBody, when only the order of keys differs, is the same', () => {
  expect(hashBody({ a: 1, b: { c: [1, 2], d: null } })).toBe(hashBody({ b: { d: null, c: [1, 2] }, a: 1 }));
});

test('hashBody, when a list has another order or a value another type, differs', () => {
  expect(hashBody({ a: [1, 2] })).not.toBe(hashBody({ a: [2, 1] }));
  expect(hashBody({ a: 1 })).not.toBe(hashBody({ a: '1' }));
});

test('hashBody, for a value and what JSON makes of it, is the same', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => expect(hashBody(JSON.parse(JSON.stringify(value)))).toBe(hashBody(value))),
  );
});
