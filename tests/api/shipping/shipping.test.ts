import type { PaymentGateway } from '../../../src/domain/payments/ports.js';
import { openApp, type TestApp } from '../../support/app.js';

let app: TestApp;
beforeAll(async () => {
  app = await openApp({ gateways: new Map([['stripe', {} as PaymentGateway]]) });
});
afterAll(() => app.close());

test.each([
  [
    'US',
    0,
    [
      ['standard', 499],
      ['express', 1_499],
    ],
  ],
  [
    'US',
    5_000,
    [
      ['standard', 0],
      ['express', 1_499],
    ],
  ],
  [
    'DE',
    4_999,
    [
      ['standard', 499],
      ['express', 1_999],
    ],
  ],
  ['FR', 4_999, [['standard', 499]]],
])('GET /shipping-methods, to %s for %d, offers what applies there', async (country, total, expected) => {
  const { status, body } = await app.call<{ data: { code: string; price: { amount: number } }[] }>(
    'GET',
    `/shipping-methods?country=${country}&total=${total}`,
  );
  expect(status).toBe(200);
  expect(body.data.map(({ code, price }) => [code, price.amount])).toEqual(expected);
});

test.each(['', '?country=Germany', '?country=DE&total=-1'])(
  'GET /shipping-methods%s is refused by field',
  async (query) => {
    const { status, body } = await app.call('GET', `/shipping-methods${query}`);
    expect([status, body.error.details.length]).toEqual([400, 1]);
  },
);

test('GET /payment-options lists the providers that are wired', async () => {
  expect((await app.call('GET', '/payment-options')).body).toEqual({
    data: [{ provider: 'stripe', methods: ['card'] }],
  });
});
