import type { Endpoint } from '../../../src/api/endpoint.js';
import { createEndpoints } from '../../../src/api/routes/index.js';
import { newId } from '../../../src/domain/kernel/ids.js';
import { createStripeLimits } from '../../../src/infra/stripe/limits.js';
import { openApp, type TestApp } from '../../support/app.js';
import { pathWith, validBody } from '../../support/bad-values.js';
import { createFingerprint } from '../../support/fingerprint.js';

/** Hundreds of requests each, perhaps on a machine that does much else. */
const MANY_REQUESTS_MS = 240_000;

/** What Ada has: an id of each kind that a path may name. Bob and a guest know all of them. */
let app: TestApp;
let endpoints: Endpoint[];
let hers: Record<string, string>;
let bob: Record<string, string>;
let guestCart: string;
let fingerprint: () => Promise<Record<string, string>>;

beforeAll(async () => {
  app = await openApp({
    flows: {
      start: async () => undefined,
      checkoutOutcome: async () => ({ kind: 'undecided' }),
      signal: async () => true,
      update: () => Promise.reject(new Error('no flow of hers is to be touched')),
      state: async () => 'running',
    },
    gateways: new Map([['stripe', { limits: createStripeLimits() } as never]]),
  });
  endpoints = createEndpoints(app.deps);
  fingerprint = createFingerprint(app.shop);
  const ada = await app.login();
  bob = (await app.login()).headers;
  const { variantId } = await app.shop.product();
  const address = await app.call<{ id: string }>('POST', '/users/me/addresses', {
    headers: ada.headers,
    body: { name: 'Ada', line1: '1 Main St', city: 'Springfield', postal_code: '12345', country: 'US' },
  });
  const cart = await app.call<{ id: string; lines: { id: string }[] }>('POST', '/cart/items', {
    headers: ada.headers,
    body: { variant_id: variantId, quantity: 2 },
  });
  const [session] = await app.shop.rows<{ id: string }>('select id from sessions where user_id = ?', [ada.userId]);
  const checkoutId = await app.shop.openCheckout(cart.body.id);
  const [checkout] = await app.shop.rows<{ order_id: string }>('select order_id from checkouts where id = ?', [
    checkoutId,
  ]);
  hers = {
    'her account': ada.userId,
    'her address': address.body.id,
    'her session': session?.id ?? '',
    'her cart': cart.body.id,
    'her line': cart.body.lines[0]?.id ?? '',
    'her checkout': checkoutId,
    'her order': checkout?.order_id ?? '',
  };
  const guest = await app.call<{ cart_token: string }>('POST', '/cart/items', { body: { variant_id: variantId } });
  guestCart = guest.body.cart_token;
});
afterAll(() => app.close());

const call = async (endpoint: Endpoint, id: string, headers: Record<string, string>): Promise<number> => {
  const response = await fetch(`${app.origin}/api/v1${pathWith(endpoint, id)}`, {
    method: endpoint.method.toUpperCase(),
    headers: {
      ...headers,
      ...(endpoint.body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(endpoint.idempotency === undefined ? {} : { 'Idempotency-Key': newId() }),
    },
    ...(endpoint.body === undefined ? {} : { body: JSON.stringify(validBody(endpoint.body)) }),
    signal: AbortSignal.timeout(20_000),
  });
  await response.arrayBuffer();
  return response.status;
};

test(
  'an id of somebody else, in any path of customers and guests, is not there, and nothing changes',
  async () => {
    expect(Object.values(hers).filter((id) => id === '')).toEqual([]);
    const before = await fingerprint();
    const personal = endpoints.filter(
      ({ path, access }) => path.includes(':') && (access === 'customer' || access === 'guest'),
    );
    expect(personal.length).toBeGreaterThan(8);
    const wrong: string[] = [];
    for (const endpoint of personal)
      for (const [what, id] of Object.entries(hers)) {
        const stranger = await call(endpoint, id, bob);
        const guest = await call(endpoint, id, { 'X-Cart-Token': guestCart, 'X-Order-Token': '0'.repeat(64) });
        if (![404].includes(stranger) || ![401, 404].includes(guest))
          wrong.push(`${endpoint.operationId} of ${what}: ${stranger}, ${guest}`);
      }
    expect(wrong).toEqual([]);
    expect(await fingerprint()).toEqual(before);
  },
  MANY_REQUESTS_MS,
);

test(
  'an id of another kind, or of a stranger, in any path of staff, never fails',
  async () => {
    const { headers } = await app.login({ roles: ['admin'] });
    const wrong: string[] = [];
    for (const endpoint of endpoints.filter(({ path, access }) => path.includes(':') && typeof access === 'object'))
      await Promise.all(
        Object.entries(hers).map(async ([what, id]) => {
          const status = await call(endpoint, id, headers);
          if (status >= 500) wrong.push(`${endpoint.operationId} of ${what}: ${status}`);
        }),
      );
    expect(wrong).toEqual([]);
  },
  MANY_REQUESTS_MS,
);
