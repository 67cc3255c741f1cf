import {
  claimIdempotencyKey,
  freeIdempotencyKey,
  sweepIdempotencyKeys,
  type IdempotencyClaim,
} from '../../../src/domain/idempotency/index.js';
import { newId } from '../../../src/domain/kernel/ids.js';
import { openStore, type TestStore } from '../../support/store.js';

let store: TestStore;
beforeAll(async () => {
  store = await openStore();
});
afterAll(() => store.close());

const aClaim = (change: Partial<IdempotencyClaim> = {}): IdempotencyClaim => ({
  caller: `user:${newId()}`,
  key: 'k-1',
  operation: 'addCartItem',
  bodyHash: 'hash',
  resourceId: newId(),
  ...change,
});

const claim = (request: IdempotencyClaim) => store.transact((em) => claimIdempotencyKey(em, request));

test('claimIdempotencyKey, many at once, lets one win and gives all of them its resource', async () => {
  const base = aClaim();
  const outcomes = await Promise.all(Array.from({ length: 8 }, () => claim({ ...base, resourceId: newId() })));
  expect(outcomes.filter(({ replayed }) => !replayed)).toHaveLength(1);
  expect(new Set(outcomes.map(({ resourceId }) => resourceId)).size).toBe(1);
});

test('claimIdempotencyKey, when the first transaction rolls back, leaves the key free', async () => {
  const base = aClaim();
  await expect(
    store.transact(async (em) => {
      await claimIdempotencyKey(em, base);
      throw new Error('the change failed');
    }),
  ).rejects.toThrow('the change failed');
  expect(await claim(base)).toEqual({ resourceId: base.resourceId, replayed: false });
});

test.each([
  ['body', { bodyHash: 'other' }],
  ['operation', { operation: 'other' }],
])('claimIdempotencyKey, with another %s, refuses', async (_, change) => {
  const base = aClaim();
  await claim(base);
  await expect(claim({ ...base, ...change })).rejects.toMatchObject({ code: 'idempotency_mismatch' });
});

test('freeIdempotencyKey leaves the key to whoever comes next, and another’s claim of it alone', async () => {
  const base = aClaim();
  await claim(base);
  const free = () => store.transact((em) => freeIdempotencyKey(em, base));
  await free();
  const next = { ...base, bodyHash: 'other', resourceId: newId() };
  expect(await claim(next)).toEqual({ resourceId: next.resourceId, replayed: false });
  await free();
  expect(await claim(next)).toEqual({ resourceId: next.resourceId, replayed: true });
});

test('claimIdempotencyKey, for another caller, is another key', async () => {
  const base = aClaim();
  await claim(base);
  expect(await claim({ ...base, caller: 'user:other' })).toMatchObject({ replayed: false });
});

test('claimIdempotencyKey, a day later, is free again, and the sweep removes what is over', async () => {
  const base = aClaim();
  await claim(base);
  await store.shop.run("update idempotency_keys set expires_at = now() - interval '1 second'", []);
  const again = { ...base, bodyHash: 'other', resourceId: newId() };
  expect(await claim(again)).toEqual({ resourceId: again.resourceId, replayed: false });
  await store.shop.run("update idempotency_keys set expires_at = now() - interval '1 second'", []);
  expect(await store.transact((em) => sweepIdempotencyKeys(em))).toBeGreaterThan(0);
  expect(await store.shop.rows('select 1 as one from idempotency_keys')).toEqual([]);
});

test("claimIdempotencyKey does not store a guest's token", async () => {
  const token = 'secret-cart-token-of-somebody';
  await claim(aClaim({ caller: `cart:${token}` }));
  const rows = await store.shop.rows<{ caller: string }>('select caller from idempotency_keys');
  expect(JSON.stringify(rows)).not.toContain(token);
});
