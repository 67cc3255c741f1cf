import { closeNotice } from '../../../src/domain/stock-notices/index.js';
import { openAccountApp, type AccountApp } from '../../support/account.js';
import { openApp, type CallOptions, type ErrorBody } from '../../support/app.js';

interface Notices {
  readonly data: readonly { readonly id: string; readonly variant_id: string; readonly title: string }[];
  readonly next_cursor: string | null;
}

let app: AccountApp;
beforeAll(async () => {
  app = await openAccountApp();
});
afterAll(() => app.close());

const soldOut = async (): Promise<string> => (await app.shop.product({ stock: 0 })).variantId;
const ask = (variantId: string, body: object, { headers = {} }: CallOptions = {}) =>
  app.call<{ status: string } & ErrorBody>('POST', `/variants/${variantId}/stock-notices`, { body, headers });
const list = async (headers: Record<string, string>) =>
  (await app.call<Notices>('GET', '/users/me/stock-notices', { headers })).body;
const open = async (variantId: string): Promise<number> =>
  (await app.shop.rows(`select 1 from stock_notices where variant_id = ? and state = 'open'`, [variantId])).length;

test('POST /variants/{id}/stock-notices answers a guest the same for a known, an unknown and a repeated address', async () => {
  const variantId = await soldOut();
  const { email } = await app.register();
  for (const address of [email, 'nobody@example.com', 'NOBODY@example.com']) {
    const { status, body } = await ask(variantId, { email: address });
    expect([status, body]).toEqual([202, { status: 'accepted' }]);
  }
  expect(await open(variantId)).toBe(2);
  expect(app.started).toEqual([]);
});

test('POST /variants/{id}/stock-notices refuses what is in stock, what nobody sells, and guests without an address', async () => {
  const there = await ask((await app.shop.product({ stock: 1 })).variantId, { email: 'ada@example.com' });
  expect([there.status, there.body.error.code]).toEqual([409, 'in_stock']);
  const draft = (await app.shop.product({ stock: 0, status: 'draft' })).variantId;
  expect((await ask(draft, { email: 'ada@example.com' })).status).toBe(404);
  const nameless = await ask(await soldOut(), {});
  expect([nameless.status, nameless.body.error.details]).toEqual([400, [expect.objectContaining({ field: 'email' })]]);
});

test('a customer is told at the account’s address, sees what is waited for, and can stop; others see and stop none of it', async () => {
  const [ada, bob] = [await app.customer(), await app.customer()];
  const [first, second] = [await soldOut(), await soldOut()];
  expect((await ask(first, {}, ada)).status).toBe(202);
  expect((await ask(second, { email: ada.email }, ada)).status).toBe(202);
  const { data } = await list(ada.headers);
  expect(data.map((notice) => notice.variant_id)).toEqual([second, first]);
  expect(JSON.stringify(data)).not.toContain('@');
  expect((await list(bob.headers)).data).toEqual([]);
  const stop = async ({ headers }: Required<Pick<CallOptions, 'headers'>>) =>
    (await app.call('DELETE', `/users/me/stock-notices/${data[0]?.id ?? ''}`, { headers })).status;
  expect([await stop(bob), await stop(ada), await stop(ada)]).toEqual([404, 204, 404]);
  expect((await list(ada.headers)).data.map((notice) => notice.variant_id)).toEqual([first]);
});

test('a customer who names another address learns nothing of who has it, and gets no hold of what was asked with it', async () => {
  const [ada, bob] = [await app.customer(), await app.customer()];
  const [asked, fresh] = [await soldOut(), await soldOut()];
  await ask(asked, {}, ada);
  const answers = [await ask(asked, { email: ada.email }, bob), await ask(fresh, { email: ada.email }, bob)];
  expect(answers.map(({ status }) => status)).toEqual([202, 202]);
  expect((await list(bob.headers)).data).toEqual([]);
  expect((await list(ada.headers)).data.map((notice) => notice.variant_id)).toEqual([asked]);
});

test('a customer takes over what a guest asked with the same address once it is confirmed, and not before', async () => {
  const eve = await app.customer();
  const asked = await soldOut();
  expect((await ask(asked, { email: eve.email })).status).toBe(202);
  expect((await ask(asked, {}, eve)).status).toBe(202);
  expect((await list(eve.headers)).data).toEqual([]);
  await app.shop.rows('update users set email_verified_at = now() where id = ? returning id', [eve.userId]);
  expect((await ask(asked, {}, eve)).status).toBe(202);
  expect((await list(eve.headers)).data.map((notice) => notice.variant_id)).toEqual([asked]);
});

test('POST /variants/{id}/stock-notices, repeated with its key after the customer was told, asks for nothing more', async () => {
  const ada = await app.customer();
  const variantId = await soldOut();
  const headers = { ...ada.headers, 'Idempotency-Key': 'once' };
  await ask(variantId, {}, { headers });
  const { data } = await list(ada.headers);
  await app.deps.transact((em) => closeNotice(em, data[0]?.id ?? '', 'told'));
  const again = await ask(variantId, {}, { headers });
  expect([again.status, again.headers.get('Idempotent-Replayed')]).toEqual([202, 'true']);
  expect(await open(variantId)).toBe(0);
});

test('POST /stock-notices/withdraw answers the same for every token', async () => {
  for (const token of ['0'.repeat(64), 'x', "' or 1=1 --"])
    expect((await app.call('POST', '/stock-notices/withdraw', { body: { token } })).status).toBe(204);
});

test('POST /variants/{id}/stock-notices, for one address over and over, is refused whatever the variant', async () => {
  const http = { host: '', port: 0, publicUrl: 'http://x', trustedProxies: 0, corsOrigins: [], rateLimits: true };
  const limited = await openApp({ config: { http } });
  try {
    const { variantId } = await limited.shop.product({ stock: 0 });
    const statuses = [];
    for (let times = 0; times < 21; times += 1)
      statuses.push(
        (await limited.call('POST', `/variants/${variantId}/stock-notices`, { body: { email: 'ada@example.com' } }))
          .status,
      );
    expect(statuses).toEqual([...Array.from({ length: 20 }, () => 202), 429]);
  } finally {
    await limited.close();
  }
});

test('the log of all this holds no address', async () => {
  const address = 'unlogged.person@example.com';
  await ask(await soldOut(), { email: address });
  await ask((await app.shop.product({ stock: 1 })).variantId, { email: address });
  expect(JSON.stringify(app.logged())).not.toContain(address);
});
