import { money } from '../../../src/domain/kernel/money.js';
import { chooseMethod, offeredMethods, type ShippingMethod } from '../../../src/domain/shipping/index.js';

const usd = (amount: number) => money(amount, 'USD');

const method = (change: Partial<ShippingMethod>): ShippingMethod => ({
  id: 'm',
  code: 'standard',
  name: 'Standard',
  country: null,
  minTotal: 0,
  maxTotal: null,
  price: usd(499),
  taxClass: 'standard',
  position: 1,
  ...change,
});

const paid = method({ id: 'paid', maxTotal: 4_999 });
const free = method({ id: 'free', minTotal: 5_000, price: usd(0) });
const german = method({ id: 'german', country: 'DE', price: usd(599), position: 9 });
const express = method({ id: 'express', code: 'express', country: 'US', position: 0 });

const chosen = (methods: readonly ShippingMethod[], subtotal: number, country = 'US') =>
  chooseMethod(methods, { code: 'standard', country, subtotal: usd(subtotal) })?.id ?? null;

test('chooseMethod, at both ends of a range, takes the row of that range', () => {
  expect([0, 4_999, 5_000].map((subtotal) => chosen([free, paid], subtotal))).toEqual(['paid', 'paid', 'free']);
});

test('chooseMethod, where a country has a row of its own, takes that even when it costs more', () => {
  expect([chosen([free, german], 9_000, 'DE'), chosen([free, german], 9_000, 'FR')]).toEqual(['german', 'free']);
});

test('chooseMethod, for a subtotal in another currency or an unknown code, offers nothing', () => {
  const subtotal = money(100, 'EUR');
  expect(chooseMethod([paid], { code: 'standard', country: 'US', subtotal })).toBeNull();
  expect(chooseMethod([paid], { code: 'drone', country: 'US', subtotal: usd(100) })).toBeNull();
});

test('offeredMethods names each code once, in the order of their positions', () => {
  const offered = offeredMethods([paid, german, express, free], { country: 'US', subtotal: usd(9_000) });
  expect(offered.map((each) => each.id)).toEqual(['express', 'free']);
});
