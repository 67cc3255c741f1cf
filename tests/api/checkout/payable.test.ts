import { createOnDeliveryGateway } from '../../../src/infra/on-delivery/gateway.js';
import { openApp, type TestApp } from '../../support/app.js';

let app: TestApp;
beforeAll(async () => {
  const gateway = createOnDeliveryGateway({ countries: ['US'], currency: 'USD', most: 2_000 });
  app = await openApp({ gateways: new Map([['on_delivery', gateway]]) });
});
afterAll(() => app.close());

async function start(country: string, quantity: number, provider = 'on_delivery') {
  const { variantId } = await app.shop.product();
  const added = await app.call('POST', '/cart/items', { body: { variant_id: variantId, quantity } });
  return app.call('POST', '/checkout', {
    headers: { 'X-Cart-Token': (added.body as { cart_token?: string }).cart_token ?? '' },
    body: {
      email: 'ada@example.com',
      shipping_address: { name: 'Ada', line1: '1 Main St', city: 'Springfield', postal_code: '12345', country },
      shipping_method: 'standard',
      payment: { provider },
    },
  });
}

test.each([
  ['in another country', 'DE', 1],
  ['over more than is carried along', 'US', 2],
])(
  'POST /checkout, on delivery %s, is refused before a flow starts, with what is taken',
  async (_, country, quantity) => {
    const { status, body } = await start(country, quantity);
    expect([status, body.error.code, body.error.data]).toEqual([
      422,
      'payment_unavailable',
      { currency: 'USD', least: 1, most: 2_000 },
    ]);
    await expect(app.shop.rows('select id from checkouts')).resolves.toEqual([]);
  },
);

test('POST /checkout, with a way to pay that there is not, is refused by field', async () => {
  const { status, body } = await start('US', 1, 'barter');
  expect([status, body.error.details.map(({ field }) => field)]).toEqual([400, ['payment.provider']]);
});
