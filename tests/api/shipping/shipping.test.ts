import type { PaymentGateway } from '../../../src/domain/payments/ports.js';
import { createOnDeliveryGateway } from '../../../src/infra/on-delivery/gateway.js';
import { createStripeLimits } from '../../../src/infra/stripe/limits.js';
import { openApp, type TestApp } from '../../support/app.js';

let app: TestApp;
beforeAll(async () => {
  const stripe = { provider: 'stripe', limits: createStripeLimits() } as PaymentGateway;
  const onDelivery = createOnDeliveryGateway({ countries: ['DE'], currency: 'USD', most: 50_000 });
  const off = createOnDeliveryGateway({ countries: [], currency: 'USD', most: 50_000 });
  app = await openApp({
    gateways: new Map([
      ['stripe', stripe],
      ['on_delivery', onDelivery],
      ['off', { ...off, provider: 'off' }],
    ]),
  });
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

test.each([
  ['', ['stripe', 'on_delivery']],
  ['?country=DE', ['stripe', 'on_delivery']],
  ['?country=FR', ['stripe']],
  ['?total=49', ['on_delivery']],
  ['?total=50001', ['stripe']],
  ['?total=100000000', []],
  ['?currency=EUR', ['stripe']],
  ['?currency=MGA', []],
])('GET /payment-options%s lists what takes that', async (query, providers) => {
  const { status, body } = await app.call<{ data: { provider: string }[] }>('GET', `/payment-options${query}`);
  expect([status, body.data.map(({ provider }) => provider)]).toEqual([200, providers]);
});

test('GET /payment-options tells methods, the least and the most', async () => {
  expect((await app.call('GET', '/payment-options?country=DE')).body).toEqual({
    data: [
      {
        provider: 'stripe',
        methods: ['card'],
        least: { amount: 50, currency: 'USD' },
        most: { amount: 99_999_999, currency: 'USD' },
      },
      {
        provider: 'on_delivery',
        methods: ['cash'],
        least: { amount: 1, currency: 'USD' },
        most: { amount: 50_000, currency: 'USD' },
      },
    ],
  });
});

test.each(['?country=Germany', '?total=-1', '?currency=usd'])(
  'GET /payment-options%s is refused by field',
  async (query) => {
    const { status, body } = await app.call('GET', `/payment-options${query}`);
    expect([status, body.error.details.length]).toEqual([400, 1]);
  },
);
