import { newId } from '../../../src/domain/kernel/ids.js';
import { openAccountApp, type AccountApp } from '../../support/account.js';

let app: AccountApp;
beforeAll(async () => {
  app = await openAccountApp();
});
afterAll(() => app.close());

async function admin(role = 'admin'): Promise<{ userId: string; headers: { Authorization: string } }> {
  const { email, body } = await app.register();
  await app.deps.query((em) => em.execute('insert into user_roles (user_id, role) values (?, ?)', [body.id, role]));
  const login = await app.logIn(email);
  return { userId: body.id, headers: { Authorization: `Bearer ${login.body.access_token}` } };
}

test('admin calls are 401 for guests, 403 for customers and for roles without the permission', async () => {
  const { headers } = await app.customer();
  const staff = await admin('staff');
  expect((await app.call('GET', '/admin/users')).status).toBe(401);
  const customer = await app.call('GET', '/admin/users', { headers });
  expect([customer.status, customer.body.error.code]).toEqual([403, 'forbidden']);
  expect((await app.call('GET', '/admin/users', { headers: staff.headers })).status).toBe(200);
  expect(
    (await app.call('PATCH', `/admin/users/${staff.userId}`, { headers: staff.headers, body: { roles: ['admin'] } }))
      .status,
  ).toBe(403);
});

test('what is the shop’s as a whole, to a vendor whose role may open it, is 403', async () => {
  const calls = [
    ['users:read', 'GET', '/admin/users'],
    ['audit:read', 'GET', '/admin/audit-log'],
    ['flows:read', 'GET', '/admin/flows'],
    ['pricing:write', 'GET', '/admin/pricing/tiers'],
    ['flows:write', 'POST', '/admin/flows/checkout-1/cancel'],
  ] as const;
  const give = 'insert into role_permissions (role, permission) values (?, ?)';
  await app.deps.query(async (em) => {
    for (const [permission] of calls) await em.execute(give, ['vendor', permission]);
  });
  try {
    const { headers } = await admin('vendor');
    for (const [, method, path] of calls)
      expect([path, (await app.call(method, path, { headers })).status]).toEqual([path, 403]);
  } finally {
    const take = "delete from role_permissions where role = 'vendor' and permission = ?";
    await app.deps.query(async (em) => {
      for (const [permission] of calls) await em.execute(take, [permission]);
    });
  }
});

test('PATCH /admin/users/{id} gives and takes roles from the very next request on', async () => {
  const boss = await admin();
  const { headers, userId } = await app.customer();
  const set = (roles: string[]) =>
    app.call('PATCH', `/admin/users/${userId}`, { headers: boss.headers, body: { roles } });
  const status = async () => (await app.call('GET', '/admin/users', { headers })).status;
  expect(await status()).toBe(403);
  expect((await set(['customer', 'staff'])).body).toMatchObject({ roles: ['customer', 'staff'] });
  expect(await status()).toBe(200);
  await set(['customer']);
  expect(await status()).toBe(403);
});

test('PATCH /admin/users/{id}, to disable, ends sessions and refuses logins; to enable, lets in again', async () => {
  const boss = await admin();
  const { headers, userId, email } = await app.customer();
  const set = (disabled: boolean) =>
    app.call('PATCH', `/admin/users/${userId}`, { headers: boss.headers, body: { disabled } });
  expect((await app.call('GET', '/users/me', { headers })).status).toBe(200);
  await set(true);
  expect((await app.call('GET', '/users/me', { headers })).status).toBe(401);
  expect((await app.logIn(email)).status).toBe(401);
  await set(false);
  expect((await app.call('GET', '/users/me', { headers })).status).toBe(401);
  expect((await app.logIn(email)).status).toBe(200);
});

test('PATCH /admin/users/{id} sets a tier that exists, and refuses others', async () => {
  const boss = await admin();
  const { userId } = await app.customer();
  const set = (tier: string) => app.call('PATCH', `/admin/users/${userId}`, { headers: boss.headers, body: { tier } });
  expect((await set('GOLD')).body).toMatchObject({ tier: 'GOLD' });
  expect((await set('TIN')).status).toBe(400);
});

test('PATCH /admin/users/{id}, by administrators who would lock themselves out, is 409', async () => {
  const { headers, userId } = await admin();
  for (const body of [{ disabled: true }, { roles: ['customer'] }])
    expect((await app.call('PATCH', `/admin/users/${userId}`, { headers, body })).status).toBe(409);
});

test('PATCH /admin/users/{id} makes a vendor of one who belongs to a vendor, and of nobody else', async () => {
  const boss = await admin();
  const { userId } = await app.customer();
  const vendorId = newId();
  await app.deps.query((em) =>
    em.execute('insert into vendors (id, slug, name) values (?, ?, ?)', [vendorId, vendorId, 'Acme']),
  );
  const set = (body: object) => app.call('PATCH', `/admin/users/${userId}`, { headers: boss.headers, body });
  for (const body of [
    { roles: ['vendor'] },
    { roles: ['vendor'], vendor_id: newId() },
    { roles: ['vendor'], vendor_id: null },
  ]) {
    const refused = await set(body);
    expect([refused.status, refused.body.error.details[0]?.field]).toEqual([400, 'vendor_id']);
  }
  expect((await set({ roles: ['customer', 'vendor'], vendor_id: vendorId })).body).toMatchObject({
    roles: ['customer', 'vendor'],
    vendor_id: vendorId,
  });
  expect((await set({ vendor_id: null })).status).toBe(400);
  expect((await set({ vendor_id: null, roles: ['customer'] })).body).toMatchObject({ vendor_id: null });
});

test('GET /admin/users finds one by address, and pages', async () => {
  const boss = await admin();
  const { email } = await app.register();
  const list = (query: string) =>
    app.call<{ data: { email: string }[]; next_cursor: string | null }>('GET', `/admin/users?${query}`, {
      headers: boss.headers,
    });
  expect((await list(`email=${encodeURIComponent(email)}`)).body.data.map((user) => user.email)).toEqual([email]);
  const first = await list('limit=1');
  const second = await list(`limit=1&cursor=${first.body.next_cursor ?? ''}`);
  expect(first.body.data[0]?.email).toBe(email);
  expect(second.body.data[0]?.email).not.toBe(email);
});

test('GET /admin/audit-log tells who changed a user', async () => {
  const boss = await admin();
  const { userId } = await app.customer();
  await app.call('PATCH', `/admin/users/${userId}`, { headers: boss.headers, body: { roles: ['staff'] } });
  const { body } = await app.call<{ data: object[]; next_cursor: string | null }>(
    'GET',
    `/admin/audit-log?object_type=user&object_id=${userId}&limit=1`,
    { headers: boss.headers },
  );
  expect(body.data).toEqual([
    expect.objectContaining({
      actor: { type: 'user', id: boss.userId },
      action: 'user.roles_changed',
      data: { before: ['customer'], after: ['staff'] },
      request_id: expect.any(String) as string,
    }),
  ]);
  expect(body.next_cursor).toEqual(expect.any(String));
});
