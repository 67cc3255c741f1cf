import { adjustStock } from '../../../src/domain/inventory/index.js';
import { newId } from '../../../src/domain/kernel/ids.js';
import {
  askForNotice,
  closeNotice,
  expireNotices,
  findWaitedFor,
  findWaiting,
  listNotices,
  readAddressed,
  withdrawNotice,
  withdrawNotices,
} from '../../../src/domain/stock-notices/index.js';
import { codeOf, openMarket, usd, type Market } from '../../support/builders/market.js';

let market: Market;
beforeAll(async () => {
  market = await openMarket();
});
afterAll(() => market.close());

const deps = (em: Parameters<Parameters<Market['transact']>[0]>[0]) => ({ em, cipher: market.cipher });
const ask = async (variantId: string, email: string, userId: string | null = null): Promise<string> => {
  const id = newId();
  await market.transact((em) => askForNotice(deps(em), { id, variantId, email, userId, confirmed: userId !== null }));
  return id;
};
const waiting = (variantId: string, limit = 10) => market.query((em) => findWaiting(em, { variantId, limit }));
const addressed = (noticeId: string) => market.query((em) => readAddressed(deps(em), noticeId));
const bring = (variantId: string, delta: number) =>
  market.transact((em) => adjustStock(em, { variantId, actorId: newId(), note: 'came', delta }));
const rowsOf = (variantId: string) =>
  market.shop.rows<{ id: string; state: string; email: string | null; email_index: string | null }>(
    'select * from stock_notices where variant_id = ? order by asked_at, id',
    [variantId],
  );
/** Of a notice that no longer says who asked. */
const FORGOTTEN = { email: null, email_index: null, user_id: null, closed_at: expect.any(String) };

test('askForNotice, by one address twice and by twelve at once, makes one notice that keeps its place', async () => {
  const a = await market.variant(0);
  const first = await ask(a, 'ada@example.com');
  const second = await ask(a, 'grace@example.com');
  await ask(a, 'ada@example.com');
  await Promise.all(Array.from({ length: 12 }, () => ask(a, 'mary@example.com')));
  const { noticeIds } = await waiting(a);
  expect(noticeIds).toHaveLength(3);
  expect(noticeIds.slice(0, 2)).toEqual([first, second]);
});

test('askForNotice refuses what can be bought, what is not on sale and what nobody knows', async () => {
  const [there, draft, retired] = [
    await market.variant(1),
    (await market.shop.product({ stock: 0, status: 'draft' })).variantId,
    await market.variant(0),
  ];
  await market.shop.retire(retired);
  expect(await codeOf(ask(there, 'ada@example.com'))).toBe('in_stock');
  for (const variantId of [draft, retired, newId()])
    expect(await codeOf(ask(variantId, 'ada@example.com'))).toBe('not_found');
});

test('askForNotice, while stock is on its way in, waits for it and refuses', async () => {
  const a = await market.variant(0);
  const coming = await market.holdOpen((em) =>
    adjustStock(em, { variantId: a, actorId: newId(), note: 'came', delta: 2 }),
  );
  const asked = codeOf(ask(a, 'ada@example.com'));
  await market.untilBlocked();
  await coming.commit();
  expect(await asked).toBe('in_stock');
});

test('a change that brings stock, while somebody asks, waits and has them told', async () => {
  const a = await market.variant(0);
  const asking = await market.holdOpen((em) =>
    askForNotice(deps(em), { id: newId(), variantId: a, email: 'ada@example.com', userId: null }),
  );
  const brought = bring(a, 2);
  await market.untilBlocked();
  await asking.commit();
  await brought;
  expect(await market.shop.rows(`select payload from outbox where topic = 'stock.back' and key = ?`, [a])).toEqual([
    { payload: { variantId: a } },
  ]);
});

test('the address is sealed, and what reads it says the variant as it is now', async () => {
  const a = await market.variant(0, 2_499);
  const id = await ask(a, 'ada@example.com');
  const [row] = await rowsOf(a);
  expect(JSON.stringify(row)).not.toContain('ada');
  await expect(addressed(id)).rejects.toMatchObject({ code: 'out_of_stock' });
  await bring(a, 1);
  expect(await addressed(id)).toMatchObject({ email: 'ada@example.com', title: 'Thing', price: usd(2_499) });
});

test('findWaiting answers those who asked first, and none available while the variant is off sale', async () => {
  const a = await market.variant(0);
  const ids = [];
  for (const name of ['ada', 'grace', 'mary']) ids.push(await ask(a, `${name}@example.com`));
  // who asked later must not come first for the order of ids
  await market.shop.run(`update stock_notices set asked_at = now() + interval '1 minute' where id = ?`, [ids[0]]);
  await bring(a, 4);
  expect(await waiting(a, 2)).toEqual({ available: 4, noticeIds: [ids[1], ids[2]] });
  await market.shop.retire(a);
  expect(await waiting(a)).toMatchObject({ available: 0 });
});

test('findWaitedFor answers, page by page, what is there and somebody still waits for', async () => {
  const [a, b, away, alone] = [
    await market.variant(0),
    await market.variant(0),
    await market.variant(0),
    await market.variant(1),
  ];
  for (const variantId of [a, b, away]) await ask(variantId, 'sweep@example.com');
  for (const variantId of [a, b]) await bring(variantId, 1);
  const find = (limit: number, after: string | null) => market.query((em) => findWaitedFor(em, { limit, after }));
  const ours = (await find(1_000, null)).filter((id) => [a, b, away, alone].includes(id));
  expect(ours).toEqual([a, b].sort());
  expect(await find(1, ours[0] ?? '')).not.toContain(ours[0]);
});

test('closeNotice forgets the address, once; the same address may ask again', async () => {
  const a = await market.variant(0);
  const id = await ask(a, 'ada@example.com', await market.shop.user());
  await market.transact((em) => closeNotice(em, id, 'told'));
  await market.transact((em) => closeNotice(em, id, 'withdrawn'));
  expect(await rowsOf(a)).toEqual([expect.objectContaining({ ...FORGOTTEN, state: 'told' })]);
  await ask(a, 'ada@example.com');
  expect((await waiting(a)).noticeIds).toHaveLength(1);
});

test('withdrawNotices, with the token of a mail, withdraws all that its address waits for and nothing of others', async () => {
  const [a, b, c] = [await market.variant(0), await market.variant(0), await market.variant(0)];
  const told = await ask(a, 'token@example.com');
  for (const variantId of [b, c]) await ask(variantId, 'token@example.com');
  const other = await ask(b, 'other@example.com');
  await bring(a, 1);
  const token = (await addressed(told))?.withdrawToken ?? '';
  await market.transact((em) => closeNotice(em, told, 'told'));
  const withdraw = (value: string) => market.transact((em) => withdrawNotices(deps(em), value));
  expect(await withdraw('0'.repeat(64))).toBe(0);
  expect(await withdraw(token)).toBe(2);
  expect(await withdraw(token)).toBe(0);
  expect((await waiting(b)).noticeIds).toEqual([other]);
  expect(await rowsOf(c)).toEqual([expect.objectContaining({ ...FORGOTTEN, state: 'withdrawn' })]);
});

test('listNotices and withdrawNotice know a customer’s own, also one asked for before logging in, and nobody else’s', async () => {
  const [ada, bob] = [await market.shop.user(), await market.shop.user()];
  const [a, b] = [await market.variant(0), await market.variant(0)];
  const first = await ask(a, 'own@example.com');
  await ask(a, 'own@example.com', ada);
  const second = await ask(b, 'own@example.com', ada);
  const list = (userId: string, cursor?: string) => market.query((em) => listNotices(em, userId, { limit: 1, cursor }));
  const newest = await list(ada);
  expect(newest.data).toMatchObject([{ id: second, variantId: b, title: 'Thing' }]);
  expect((await list(ada, newest.nextCursor ?? '')).data).toMatchObject([{ id: first, variantId: a }]);
  expect((await list(bob)).data).toEqual([]);
  const withdraw = (userId: string) => codeOf(market.transact((em) => withdrawNotice(em, userId, second)));
  expect([await withdraw(bob), await withdraw(ada), await withdraw(ada)]).toEqual(['not_found', 'done', 'not_found']);
  expect((await list(ada)).data).toMatchObject([{ id: first }]);
});

test('expireNotices ends what waits for more than a year, and forgets its address', async () => {
  const a = await market.variant(0);
  const old = await ask(a, 'ada@example.com');
  const young = await ask(a, 'grace@example.com');
  await market.shop.run(`update stock_notices set asked_at = now() - interval '366 days' where id = ?`, [old]);
  await market.shop.run(`update stock_notices set asked_at = now() - interval '364 days' where id = ?`, [young]);
  expect(await market.transact((em) => expireNotices(em))).toBe(1);
  expect(await rowsOf(a)).toEqual([
    expect.objectContaining({ ...FORGOTTEN, id: old, state: 'expired' }),
    expect.objectContaining({ id: young, state: 'open' }),
  ]);
});
