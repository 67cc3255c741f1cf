import { endUnpaid } from '../../../src/domain/checkout/index.js';
import { createStripeLimits } from '../../../src/infra/stripe/limits.js';
import { openApp, type TestApp } from '../../support/app.js';

let app: TestApp;
let variantId: string;
let declining = false;
beforeAll(async () => {
  const refuse = () => Promise.reject(new Error('not asked for'));
  app = await openApp({
    gateways: new Map([['stripe', { limits: createStripeLimits() } as never]]),
    flows: {
      start: async () => undefined,
      checkoutOutcome: async (checkoutId) => {
        const code = declining ? 'card_declined' : 'payment_failed';
        await app.deps.transact((em) => endUnpaid(em, checkoutId, 'failed', { code, data: {} }));
        return { kind: 'undecided' };
      },
      signal: async () => true,
      update: refuse,
      state: async () => 'running',
    },
    config: {
      http: { host: '', port: 0, publicUrl: 'http://x', trustedProxies: 1, corsOrigins: [], rateLimits: true },
    },
  });
  ({ variantId } = await app.shop.product({ stock: 1_000 }));
});
afterAll(() => app.close());

type Headers = Readonly<Record<string, string>>;

/** Somebody buys from a cart of their own. */
async function buy(who: Headers): Promise<string> {
  const { body: cart } = await app.call<{ cart_token?: string }>('POST', '/cart/items', {
    headers: who,
    body: { variant_id: variantId },
  });
  const { status, body } = await app.call('POST', '/checkout', {
    headers: { ...who, ...(cart.cart_token === undefined ? {} : { 'X-Cart-Token': cart.cart_token }) },
    body: {
      email: 'buyer@example.com',
      shipping_address: { name: 'A Buyer', line1: '1 Main St', city: 'Town', postal_code: '1', country: 'US' },
      shipping_method: 'standard',
      payment: { provider: 'stripe', payment_method: 'pm_card_visa' },
    },
  });
  return `${status} ${body.error.code}`;
}
/** Until something else than a declined card is answered; a slow machine earns one back every minute or three. */
async function declinesOf(who: () => Headers): Promise<readonly [declined: number, then: string]> {
  for (let declined = 0; ; declined += 1) {
    const answer = await buy(who());
    if (answer !== '402 card_declined' || declined > 90) return [declined, answer];
  }
}

test('POST /checkout, after 60 declined cards of guests from one address, is refused there and not elsewhere', async () => {
  declining = false;
  for (let times = 0; times < 5; times += 1) expect(await buy({ 'X-Forwarded-For': '192.0.2.1' })).not.toContain('429');
  declining = true;
  const [declined, then] = await declinesOf(() => ({ 'X-Forwarded-For': '192.0.2.1' }));
  expect([declined >= 60, declined < 65, then]).toEqual([true, true, '429 rate_limited']);
  expect(await buy({ 'X-Forwarded-For': '192.0.2.2' })).toBe('402 card_declined');
});

test('POST /checkout, after 20 declined cards of a customer from many addresses, is refused to them and not to others there', async () => {
  declining = true;
  const { headers } = await app.login();
  let from = 0;
  const [declined, then] = await declinesOf(() => ({ ...headers, 'X-Forwarded-For': `198.51.100.${(from += 1)}` }));
  expect([declined >= 20, declined < 25, then]).toEqual([true, true, '429 rate_limited']);
  expect(await buy({ 'X-Forwarded-For': `198.51.100.${from}` })).toBe('402 card_declined');
});
