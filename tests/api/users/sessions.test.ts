import { newId } from '../../../src/domain/kernel/ids.js';
import { createAccessTokens } from '../../../src/infra/crypto/access-tokens.js';
import { openAccountApp, PASSWORD, type AccountApp, type LoginBody } from '../../support/account.js';

let app: AccountApp;
beforeAll(async () => {
  app = await openAccountApp();
});
afterAll(() => app.close());

const me = (headers: Record<string, string>) => app.call('GET', '/users/me', { headers });
const refresh = (body: object, headers: Record<string, string> = {}) =>
  app.call<LoginBody>('POST', '/auth/refresh', { body, headers });

test('POST /auth/login keeps the refresh token in a cookie that scripts and other sites do not get', async () => {
  const { email } = await app.register();
  const { status, body, headers } = await app.logIn(email);
  expect(status).toBe(200);
  expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 900, user: { email } });
  expect(body).not.toHaveProperty('refresh_token');
  const cookie = headers.get('Set-Cookie') ?? '';
  expect(cookie).toMatch(/^refresh_token=[\w.-]+; Path=\/api\/v1\/auth; Max-Age=2592000; HttpOnly; SameSite=Strict$/);
  expect(headers.get('Cache-Control')).toBe('no-store');
});

test('POST /auth/login, for delivery in the body, sets no cookie', async () => {
  const { email } = await app.register();
  const { body, headers } = await app.logIn(email, { token_delivery: 'body' });
  expect(body.refresh_token).toEqual(expect.any(String));
  expect(headers.get('Set-Cookie')).toBeNull();
});

test('POST /auth/login says the same of a wrong password, an unknown address and a disabled account', async () => {
  const [wrong, disabled] = [await app.register(), await app.register()];
  await app.deps.query((em) => em.execute('update users set disabled_at = now() where id = ?', [disabled.body.id]));
  const answers = [
    await app.call('POST', '/auth/login', { body: { email: wrong.email, password: 'something else' } }),
    await app.call('POST', '/auth/login', { body: { email: `${newId()}@example.com`, password: PASSWORD } }),
    await app.call('POST', '/auth/login', { body: { email: disabled.email, password: PASSWORD } }),
  ];
  const said = answers.map(({ status, body: { error } }) => ({
    status,
    code: error.code,
    message: error.message,
    details: error.details,
  }));
  expect(said[0]).toMatchObject({ status: 401, code: 'bad_credentials' });
  expect(said).toEqual([said[0], said[0], said[0]]);
});

test('POST /auth/refresh, by cookie and with an access token that expired, gives a new one', async () => {
  const { email } = await app.register();
  const { headers } = await app.logIn(email);
  const cookie = (headers.get('Set-Cookie') ?? '').split(';')[0] ?? '';
  const answer = await refresh({}, { Cookie: cookie, Authorization: 'Bearer a.b.c' });
  expect(answer.status).toBe(200);
  expect((await me({ Authorization: `Bearer ${answer.body.access_token}` })).status).toBe(200);
  expect((answer.headers.get('Set-Cookie') ?? '').split(';')[0]).not.toBe(cookie);
});

test('POST /auth/refresh, with a token used two refreshes ago, ends the session at once', async () => {
  const { headers, refreshToken } = await app.customer();
  const second = await refresh({ refresh_token: refreshToken, token_delivery: 'body' });
  await refresh({ refresh_token: second.body.refresh_token, token_delivery: 'body' });
  expect((await me(headers)).status).toBe(200);
  expect((await refresh({ refresh_token: refreshToken })).status).toBe(401);
  expect((await me(headers)).status).toBe(401);
});

test('POST /auth/refresh, without any token, is 401', async () => {
  expect((await refresh({})).status).toBe(401);
});

test('POST /auth/logout ends the session for the very next request, though its look-up was cached', async () => {
  const { headers, refreshToken } = await app.customer();
  expect((await me(headers)).status).toBe(200);
  const answer = await app.call('POST', '/auth/logout', { headers });
  expect([answer.status, answer.headers.get('Set-Cookie')]).toEqual([204, expect.stringContaining('Max-Age=0')]);
  expect((await me(headers)).status).toBe(401);
  expect((await refresh({ refresh_token: refreshToken })).status).toBe(401);
});

test('GET /auth/sessions lists one’s own, page by page, and marks the current one', async () => {
  const { headers, email } = await app.customer();
  await app.logIn(email);
  await app.logIn(email);
  interface Listed {
    readonly data: readonly { readonly current: boolean }[];
    readonly next_cursor: string | null;
  }
  const list = (query: string) => app.call<Listed>('GET', `/auth/sessions?${query}`, { headers });
  const one = await list('limit=2');
  const two = await list(`limit=2&cursor=${one.body.next_cursor ?? ''}`);
  expect([...one.body.data, ...two.body.data].map((session) => session.current)).toEqual([false, false, true]);
  expect(two.body.next_cursor).toBeNull();
  expect((await list('cursor=WyJ4Il0')).status).toBe(400);
});

test('DELETE /auth/sessions/{id} ends one’s own, and does not find somebody else’s', async () => {
  const [owner, other] = [await app.customer(), await app.customer()];
  const { body } = await app.call<{ data: { id: string }[] }>('GET', '/auth/sessions', { headers: owner.headers });
  const path = `/auth/sessions/${body.data[0]?.id ?? ''}`;
  expect((await app.call('DELETE', path, { headers: other.headers })).status).toBe(404);
  expect((await me(owner.headers)).status).toBe(200);
  expect((await app.call('DELETE', path, { headers: owner.headers })).status).toBe(204);
  expect((await me(owner.headers)).status).toBe(401);
});

test('an access token that is bad is 401 even where guests may call', async () => {
  const stranger = createAccessTokens({
    keys: [{ id: 'k1', secret: Buffer.alloc(32) }],
    issuer: 'perdure',
    audience: 'perdure',
    lifetimeMs: 60_000,
    now: () => new Date(),
  });
  const { userId } = await app.customer();
  const forged = stranger.issue({ userId, sessionId: newId() });
  const dead = app.deps.accessTokens.issue({ userId, sessionId: newId() });
  for (const Authorization of [`Bearer ${forged}`, `Bearer ${dead}`, 'Bearer', 'Basic am86am8=']) {
    const answer = await app.call('GET', '/cart', { headers: { Authorization } });
    expect([answer.status, answer.body.error.code]).toEqual([401, 'unauthenticated']);
  }
  expect((await app.call('GET', '/cart')).status).toBe(200);
});

test('an access token that names one user and the session of another is 401', async () => {
  const [one, two] = [await app.customer(), await app.customer()];
  const { body } = await app.call<{ data: { id: string }[] }>('GET', '/auth/sessions', { headers: two.headers });
  const mixed = app.deps.accessTokens.issue({ userId: one.userId, sessionId: body.data[0]?.id ?? '' });
  expect((await me({ Authorization: `Bearer ${mixed}` })).status).toBe(401);
});

test('a cart token that is none of ours in form is 400', async () => {
  const answer = await app.call('GET', '/cart', { headers: { 'X-Cart-Token': 'short' } });
  expect([answer.status, answer.body.error.code]).toEqual([400, 'bad_request']);
});

test('with Redis away, sessions are looked up in PostgreSQL: live ones pass, ended ones do not', async () => {
  const away = await openAccountApp();
  try {
    const { headers } = await away.customer();
    away.redis.disconnect();
    const status = async () => (await away.call('GET', '/users/me', { headers })).status;
    expect(await status()).toBe(200);
    expect((await away.call('POST', '/auth/logout', { headers })).status).toBe(204);
    expect(await status()).toBe(401);
  } finally {
    await away.close();
  }
});

test('a look-up that began before its session ended cannot bring it back into the cache', async () => {
  const { headers, userId } = await app.customer();
  const { body } = await app.call<{ data: { id: string }[] }>('GET', '/auth/sessions', { headers });
  const sessionId = body.data[0]?.id ?? '';
  const before = await app.deps.sessionCache.read(sessionId);
  expect(before).toMatchObject({ userId });
  await app.call('POST', '/auth/logout', { headers });
  if (before !== null) await app.deps.sessionCache.keep(sessionId, before);
  expect((await me(headers)).status).toBe(401);
});

test('what the shop’s people may do is never remembered: it ends with the role though nobody made the cache forget', async () => {
  const { email, body: user } = await app.register();
  const role = (statement: string) => app.deps.query((em) => em.execute(statement, [user.id]));
  await role("insert into user_roles (user_id, role) values (?, 'staff')");
  const login = await app.logIn(email);
  const headers = { Authorization: `Bearer ${login.body.access_token}` };
  expect((await app.call('GET', '/admin/users', { headers })).status).toBe(200);
  await role("delete from user_roles where role = 'staff' and user_id = ?");
  expect((await app.call('GET', '/admin/users', { headers })).status).toBe(403);
});

test('a customer’s session, when Redis failed as it was to be forgotten, is remembered for 10 s at most', async () => {
  const { headers, userId } = await app.customer();
  expect((await me(headers)).status).toBe(200);
  const [session] = await app.shop.rows<{ id: string }>('select id from sessions where user_id = ?', [userId]);
  const left = await app.redis.pttl(`${app.prefix}session:${session?.id ?? ''}`);
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThanOrEqual(10_000);
});
