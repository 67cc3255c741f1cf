import { newId } from '../../../src/domain/kernel/ids.js';
import { openAccountApp, PASSWORD, type AccountApp } from '../../support/account.js';

let app: AccountApp;
beforeAll(async () => {
  app = await openAccountApp();
});
afterAll(() => app.close());

test('POST /auth/register answers the user, whitelisted, with the address in lower case', async () => {
  const name = newId().slice(-20);
  const { status, body } = await app.register({
    email: `${name}@Example.COM`,
    username: name,
    first_name: 'Jo',
    phone: '+4915112345678',
  });
  expect(status).toBe(201);
  expect(body).toEqual({
    id: expect.any(String) as string,
    email: `${name}@example.com`,
    username: name,
    first_name: 'Jo',
    last_name: null,
    phone: '+4915112345678',
    email_verified: false,
    roles: ['customer'],
    tier: null,
    created_at: expect.any(String) as string,
  });
});

test('POST /auth/register, with a taken address in other letters, is 409 email_taken', async () => {
  const { email } = await app.register();
  const { status, body } = await app.call('POST', '/auth/register', {
    body: { email: email.toUpperCase(), username: newId().slice(-20), password: PASSWORD },
  });
  expect([status, body.error.code]).toEqual([409, 'email_taken']);
});

test.each([
  ['password', { password: 'short' }],
  ['email', { email: 'no address' }],
  ['username', { username: 'a b' }],
  ['phone', { phone: '0151 2345' }],
  ['roles', { roles: ['admin'] }],
])('POST /auth/register, with a bad or unknown %s, names the field', async (field, overrides) => {
  const body = { email: `${newId()}@example.com`, username: newId().slice(-20), password: PASSWORD, ...overrides };
  const answer = await app.call('POST', '/auth/register', { body });
  expect([answer.status, answer.body.error.code]).toEqual([400, 'validation_failed']);
  expect(answer.body.error.details.map((detail) => detail.field)).toEqual([field]);
});

test('POST /auth/register, with the e-mail address as password, is refused', async () => {
  const email = `${newId().slice(-20)}@example.com`;
  const { status } = await app.call('POST', '/auth/register', {
    body: { email, username: newId().slice(-20), password: email },
  });
  expect(status).toBe(400);
});

test('GET /users/me is 401 for guests and 200 for who is logged in', async () => {
  const { headers, userId } = await app.customer();
  const guest = await app.call('GET', '/users/me');
  expect([guest.status, guest.body.error.code, guest.headers.get('WWW-Authenticate')]).toEqual([
    401,
    'unauthenticated',
    'Bearer',
  ]);
  const me = await app.call<{ id: string }>('GET', '/users/me', { headers });
  expect([me.status, me.body.id]).toEqual([200, userId]);
});

test('PATCH /users/me changes what is named and nothing else', async () => {
  const { headers, email } = await app.customer();
  await app.call('PATCH', '/users/me', { headers, body: { first_name: 'Jo', last_name: 'Doe' } });
  const { status, body } = await app.call('PATCH', '/users/me', {
    headers,
    body: { first_name: null, phone: '+12125550100' },
  });
  expect(status).toBe(200);
  expect(body).toMatchObject({ email, first_name: null, last_name: 'Doe', phone: '+12125550100' });
});

test('PATCH /users/me, to another e-mail address, needs the current password', async () => {
  const { headers } = await app.customer();
  const email = `${newId()}@example.com`;
  const change = (body: object) => app.call('PATCH', '/users/me', { headers, body });
  const without = await change({ email });
  expect([without.status, without.body.error.details[0]?.field]).toEqual([400, 'current_password']);
  const wrong = await change({ email, current_password: 'something else' });
  expect([wrong.status, wrong.body.error.code]).toEqual([401, 'bad_credentials']);
  const right = await change({ email, current_password: PASSWORD });
  expect(right.status).toBe(200);
  expect(right.body).toMatchObject({ email, email_verified: false });
  expect((await app.logIn(email)).status).toBe(200);
});

test('PATCH /users/me, to one stranger’s e-mail address again and again, is refused from the 6th on', async () => {
  const limited = await openAccountApp({}, { rateLimits: true });
  try {
    const { headers } = await limited.customer();
    const change = async (email: string) =>
      (await limited.call('PATCH', '/users/me', { headers, body: { email, current_password: PASSWORD } })).status;
    const [stranger, statuses] = [`${newId()}@example.com`, [] as number[]];
    for (let times = 0; times < 6; times += 1) {
      statuses.push(await change(stranger));
      await change(`${newId()}@example.com`);
    }
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429]);
  } finally {
    await limited.close();
  }
});

const address = { name: 'Jo Doe', line1: 'Long Lane 1', city: 'Köln', postal_code: '50667', country: 'DE' };

test('addresses are saved, listed with the default first, replaced and forgotten', async () => {
  const { headers } = await app.customer();
  const first = await app.call<{ id: string }>('POST', '/users/me/addresses', {
    headers,
    body: { ...address, label: 'home' },
  });
  expect(first.status).toBe(201);
  expect(first.body).toEqual({
    ...address,
    id: first.body.id,
    label: 'home',
    is_default: false,
    created_at: expect.any(String) as string,
  });
  await app.call('POST', '/users/me/addresses', { headers, body: { ...address, is_default: true } });
  const list = () =>
    app.call<{ data: { id: string; is_default: boolean }[] }>('GET', '/users/me/addresses', { headers });
  expect((await list()).body.data.map((each) => each.is_default)).toEqual([true, false]);

  const path = first.headers.get('Location') ?? '';
  const replaced = await app.call('PUT', path, { headers, body: { ...address, line2: '2nd floor', country: 'AT' } });
  expect(replaced.body).toMatchObject({ line2: '2nd floor', country: 'AT', label: '' });
  expect((await app.call('DELETE', path, { headers })).status).toBe(204);
  expect((await app.call('GET', path, { headers })).status).toBe(404);
  expect((await list()).body.data).toHaveLength(1);
});

test('POST /users/me/addresses, with an unknown country, names the field', async () => {
  const { headers } = await app.customer();
  const { status, body } = await app.call('POST', '/users/me/addresses', {
    headers,
    body: { ...address, country: 'XX' },
  });
  expect([status, body.error.details[0]?.field]).toEqual([400, 'country']);
});

test('POST /users/me/addresses, repeated with its Idempotency-Key, saves one', async () => {
  const { headers } = await app.customer();
  const request = { headers: { ...headers, 'Idempotency-Key': newId() }, body: address };
  const [one, two] = [
    await app.call<{ id: string }>('POST', '/users/me/addresses', request),
    await app.call<{ id: string }>('POST', '/users/me/addresses', request),
  ];
  expect([two.status, two.body.id, two.headers.get('Idempotent-Replayed')]).toEqual([201, one.body.id, 'true']);
});

test('somebody else’s address is 404, whatever is done with it', async () => {
  const [owner, other] = [await app.customer(), await app.customer()];
  const { headers } = await app.call('POST', '/users/me/addresses', { headers: owner.headers, body: address });
  const path = headers.get('Location') ?? '';
  expect((await app.call('GET', path, { headers: other.headers })).status).toBe(404);
  expect((await app.call('PUT', path, { headers: other.headers, body: address })).status).toBe(404);
  expect((await app.call('DELETE', path, { headers: other.headers })).status).toBe(404);
  expect((await app.call('GET', path, { headers: owner.headers })).status).toBe(200);
});
