import { newId } from '../../../src/domain/kernel/ids.js';
import { openApp, type TestApp } from '../../support/app.js';

let app: TestApp;
beforeAll(async () => {
  app = await openApp();
});
afterAll(() => app.close());

test('GET /variants/:id/price, for ten of a gold customer, explains the price step by step', async () => {
  const { variantId } = await app.shop.product({ price: 50_000, adjustment: 5_000 });
  const { status, body } = await app.call<unknown>('GET', `/variants/${variantId}/price?quantity=10&tier=GOLD`);
  expect(status).toBe(200);
  expect(body).toEqual({
    variant_id: variantId,
    quantity: 10,
    unit_price: { amount: 42_075, currency: 'USD' },
    total: { amount: 420_750, currency: 'USD' },
    adjustments: [
      {
        kind: 'base',
        label: 'Base price',
        rate: null,
        amount: { amount: 50_000, currency: 'USD' },
        unit_price: { amount: 50_000, currency: 'USD' },
      },
      {
        kind: 'variant',
        label: 'Variant',
        rate: null,
        amount: { amount: 5_000, currency: 'USD' },
        unit_price: { amount: 55_000, currency: 'USD' },
      },
      {
        kind: 'quantity_break',
        label: '10 or more',
        rate: -1_000,
        amount: { amount: -5_500, currency: 'USD' },
        unit_price: { amount: 49_500, currency: 'USD' },
      },
      {
        kind: 'tier',
        label: 'Gold',
        rate: -1_500,
        amount: { amount: -7_425, currency: 'USD' },
        unit_price: { amount: 42_075, currency: 'USD' },
      },
    ],
  });
});

test('GET /variants/:id/price, by a customer of a tier, uses theirs', async () => {
  const { variantId } = await app.shop.product({ price: 1_000 });
  const { headers } = await app.login({ tier: 'SILVER' });
  expect((await app.call('GET', `/variants/${variantId}/price`, { headers })).body).toMatchObject({
    unit_price: { amount: 950 },
  });
});

test.each([
  ['an unknown variant', () => `/variants/${newId()}/price`, 404, 'not_found'],
  ['no id', () => '/variants/abc/price', 400, 'validation_failed'],
  ['a quantity of zero', (id: string) => `/variants/${id}/price?quantity=0`, 400, 'validation_failed'],
  ['a fraction', (id: string) => `/variants/${id}/price?quantity=1.5`, 400, 'validation_failed'],
  ['two quantities', (id: string) => `/variants/${id}/price?quantity=1&quantity=2`, 400, 'validation_failed'],
  ['an unknown parameter', (id: string) => `/variants/${id}/price?amount=1`, 400, 'validation_failed'],
])('GET /variants/:id/price, for %s, refuses', async (_, path, status, code) => {
  const { variantId } = await app.shop.product();
  const refused = await app.call('GET', path(variantId));
  expect([refused.status, refused.body.error.code]).toEqual([status, code]);
});

test('GET /variants/:id/price, of what is not published, answers 404', async () => {
  const { variantId } = await app.shop.product({ status: 'draft' });
  expect((await app.call('GET', `/variants/${variantId}/price`)).status).toBe(404);
});
