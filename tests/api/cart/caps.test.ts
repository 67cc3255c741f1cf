import { endUnpaid } from '../../../src/domain/checkout/index.js';
import { createStripeLimits } from '../../../src/infra/stripe/limits.js';
import { openApp, type TestApp } from '../../support/app.js';

/** Of live holds, and of open checkouts without a login, from one address. */
const MOST = 20;

let app: TestApp;
let variantId: string;
/** What each checkout ends with, at once; null: it stays open. */
let ending: 'card_declined' | 'payment_failed' | null = null;
beforeAll(async () => {
  const refuse = () => Promise.reject(new Error('not asked for'));
  app = await openApp({
    gateways: new Map([['stripe', { limits: createStripeLimits() } as never]]),
    flows: {
      start: async () => undefined,
      checkoutOutcome: async (checkoutId) => {
        const code = ending;
        if (code !== null) await app.deps.transact((em) => endUnpaid(em, checkoutId, 'failed', { code, data: {} }));
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
afterEach(() => {
  ending = null;
});
afterAll(() => app.close());

let networks = 0;
/** An address that nobody has used. */
const address = () => ({ 'X-Forwarded-For': `192.0.2.${(networks += 1)}` });

type Headers = Readonly<Record<string, string>>;

async function cart(from: Headers): Promise<Headers> {
  const { body } = await app.call<{ cart_token?: string }>('POST', '/cart/items', {
    headers: from,
    body: { variant_id: variantId },
  });
  return { ...from, ...(body.cart_token === undefined ? {} : { 'X-Cart-Token': body.cart_token }) };
}
const carts = (from: Headers, count: number) => Promise.all(Array.from({ length: count }, () => cart(from)));

const hold = async (headers: Headers) => {
  const {
    status,
    body,
    headers: got,
  } = await app.call<{ id: string; error?: { code: string } }>('POST', '/cart/reservation', { headers });
  return { status, id: body.id, code: body.error?.code, retryAfter: got.get('Retry-After') };
};
const buy = async (headers: Headers) => {
  const { status, body } = await app.call<{ checkout_id: string; error?: { code: string } }>('POST', '/checkout', {
    headers,
    body: {
      email: 'buyer@example.com',
      shipping_address: { name: 'A Buyer', line1: '1 Main St', city: 'Town', postal_code: '1', country: 'US' },
      shipping_method: 'standard',
      payment: { provider: 'stripe', payment_method: 'pm_card_visa' },
    },
  });
  return { status, id: body.checkout_id, code: body.error?.code };
};

test('an address, with twenty carts held, may hold no more until one is given back; others may', async () => {
  const here = address();
  const all = await carts(here, MOST + 5);
  const answers = await Promise.all(all.map(hold));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(MOST);
  const refused = answers.filter(({ status }) => status !== 201);
  expect(refused.map(({ status, code }) => [status, code])).toEqual(refused.map(() => [429, 'hold_limit']));
  expect(refused.every(({ retryAfter }) => retryAfter !== null)).toBe(true);

  const next = all[answers.findIndex(({ status }) => status !== 201)] ?? {};
  const held = all[answers.findIndex(({ status }) => status === 201)] ?? {};
  expect((await hold({ ...next, ...address() })).status).toBe(201);
  expect((await app.call('DELETE', '/cart/reservation', { headers: held })).status).toBe(204);
  expect((await hold(held)).status).toBe(201);
  expect((await hold(await cart(here))).status).toBe(429);
});

test('an address, that holds a cart and gives it back over and over, is refused after 60 times; others are not', async () => {
  const here = await cart(address());
  let [code, held] = [undefined as string | undefined, 0];
  // A slow machine earns one back every 15 s.
  for (; code === undefined && held < 100; held += 1) {
    ({ code } = await hold(here));
    await app.call('DELETE', '/cart/reservation', { headers: here });
  }
  expect([code, held > 60]).toEqual(['rate_limited', true]);
  expect((await hold(await cart(address()))).status).toBe(201);
});

test('a guest has one hold, however often and from wherever it is asked for', async () => {
  const mine = await cart(address());
  const answers = [await hold(mine), ...(await Promise.all([1, 2, 3].map(() => hold({ ...mine, ...address() }))))];
  expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
  expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
});

test('a customer has one hold, also with the tokens of guest carts, whose stock is then theirs', async () => {
  const { headers, userId } = await app.login();
  const guests = await carts(address(), 4);
  for (const guest of guests) expect((await hold({ ...guest, ...headers })).status).toBe(201);
  const live = await app.shop.rows<{ user_id: string; reserved: number }>(
    `select c.user_id, (select sum(quantity) from reservations r where r.hold_id = h.id and r.state = 'live') as reserved
     from cart_holds h join carts c on c.id = h.cart_id where h.state = 'live' and c.user_id = ?`,
    [userId],
  );
  expect(live).toHaveLength(1);
  const tokens = await app.shop.rows<{ status: string }>(
    `select c.status from carts c join cart_holds h on h.cart_id = c.id where h.state = 'live' and c.status = 'merged'`,
  );
  expect(tokens).toEqual([]);
});

test('an address, with twenty checkouts of guests open, may begin no more until one ends; others may', async () => {
  const here = address();
  const all = await carts(here, MOST + 3);
  const answers = await Promise.all(all.map(buy));
  expect(answers.filter(({ status }) => status === 202)).toHaveLength(MOST);
  const refused = answers.filter(({ status }) => status !== 202);
  expect(refused.map(({ status, code }) => [status, code])).toEqual(refused.map(() => [429, 'hold_limit']));

  const next = all[answers.findIndex(({ status }) => status !== 202)] ?? {};
  const [ended] = answers.filter(({ status }) => status === 202);
  expect((await buy(next)).status).toBe(429);
  await app.shop.closeCheckout(ended?.id ?? '');
  expect((await buy(next)).status).toBe(202);
  expect((await buy(await cart(address()))).status).toBe(202);
});

test('a guest and a customer have one open checkout each, however often they submit; customers are not counted by address', async () => {
  const here = address();
  const guest = await cart(here);
  const { headers } = await app.login();
  const own = { ...here, ...headers };
  await cart(own);
  for (const who of [guest, own]) {
    const answers = await Promise.all([1, 2, 3].map(() => buy(who)));
    expect(new Set(answers.map(({ status, id }) => `${status} ${id}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(202);
  }
  const [counted] = await app.shop.rows<{ count: number }>(
    'select count(distinct address_index) as count from checkouts where user_id is not null',
  );
  expect(counted?.count).toBe(0);
});

/** Until something else than a declined card is answered; a slow machine earns one back every minute or three. */
async function declinesOf(who: () => Headers): Promise<readonly [declined: number, then: string]> {
  for (let declined = 0; ; declined += 1) {
    const { status, code } = await buy(await cart(who()));
    if (code !== 'card_declined' || declined > 90) return [declined, `${status} ${code}`];
    expect(status).toBe(402);
  }
}

test('an address, after 60 declined cards of guests, is refused, and others are not', async () => {
  const here = address();
  ending = 'payment_failed';
  for (let times = 0; times < 5; times += 1) expect((await buy(await cart(here))).code).toBe('payment_failed');
  ending = 'card_declined';
  const [declined, then] = await declinesOf(() => here);
  expect([declined >= 60, declined < 65, then]).toEqual([true, true, '429 rate_limited']);
  expect(await buy(await cart(address()))).toMatchObject({ status: 402, code: 'card_declined' });
});

test('a customer, after 20 declined cards from many addresses, is refused, and others at the last of them are not', async () => {
  ending = 'card_declined';
  const { headers } = await app.login();
  let here: Headers = {};
  const [declined, then] = await declinesOf(() => ({ ...headers, ...(here = address()) }));
  expect([declined >= 20, declined < 25, then]).toEqual([true, true, '429 rate_limited']);
  expect(await buy(await cart(here))).toMatchObject({ status: 402, code: 'card_declined' });
});
