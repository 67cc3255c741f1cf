import { newId } from '../../../src/domain/kernel/ids.js';
import { openApp, type TestApp } from '../../support/app.js';

interface Reservation {
  readonly id: string;
}

let app: TestApp;
let started: string[] = [];
beforeAll(async () => {
  const refuse = () => Promise.reject(new Error('not asked for'));
  app = await openApp({
    flows: {
      start: async (_, workflowId) => void started.push(workflowId),
      checkoutOutcome: refuse,
      signal: async () => true,
      update: refuse,
      state: refuse,
    },
  });
});
beforeEach(() => {
  started = [];
});
afterAll(() => app.close());

test('a repeat, with the same key, is a replay as long as the hold of then is answered', async () => {
  const { variantId } = await app.shop.product();
  const { headers } = await app.login();
  const item = { variant_id: variantId, quantity: 1 };
  await app.call('POST', '/cart/items', { body: item, headers });
  const key = { ...headers, 'Idempotency-Key': newId() };
  const hold = () => app.call<Reservation>('POST', '/cart/reservation', { headers: key });

  const [first, repeated] = [await hold(), await hold()];
  expect([first.status, first.headers.get('Idempotent-Replayed')]).toEqual([201, null]);
  expect([repeated.body, repeated.headers.get('Idempotent-Replayed')]).toEqual([first.body, 'true']);

  expect((await app.call('DELETE', '/cart/reservation', { headers })).status).toBe(204);
  const anew = await hold();
  expect([anew.status, anew.headers.get('Idempotent-Replayed')]).toEqual([201, null]);
  expect(anew.body.id).not.toBe(first.body.id);
  expect(started).toEqual([first, repeated, anew].map(({ body }) => `reservation-expiry-${body.id}`));
});
