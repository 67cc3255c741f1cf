import type { EntityManager } from '@mikro-orm/postgresql';
import {
  changeProfile,
  logIn,
  readAccount,
  readAuthority,
  readCredentials,
  registerUser,
  revokeSessions,
} from '../../../src/domain/users/index.js';
import { PERMISSIONS, ROLES } from '../../../src/domain/users/index.js';
import { newId } from '../../../src/domain/kernel/ids.js';
import { createUserWorld, type UserWorld } from '../../support/users.js';

let world: UserWorld;
beforeAll(() => {
  world = createUserWorld(process.env['DATABASE_URL'] ?? '');
});
afterAll(() => world.close());

const candidate = (overrides: object = {}) => {
  const id = newId();
  return {
    id,
    email: `${id}@example.com`,
    username: id.slice(-20),
    passwordHash: 'hash',
    firstName: 'Jo',
    lastName: null,
    phone: '+4915112345678',
    roles: ['customer'] as const,
    ...overrides,
  };
};
const register = (user: ReturnType<typeof candidate>) =>
  world.transact((em) => registerUser({ em, cipher: world.cipher }, user));
const fulfilled = (results: PromiseSettledResult<unknown>[]) =>
  results.filter(({ status }) => status === 'fulfilled').length;
const codes = (results: PromiseSettledResult<unknown>[]) =>
  results.flatMap((result) => (result.status === 'rejected' ? [(result.reason as { code?: string }).code] : []));

test('registerUser, from eight requests at once with one e-mail address, makes one account', async () => {
  const email = `${newId()}@example.com`;
  const results = await Promise.allSettled(Array.from({ length: 8 }, () => register(candidate({ email }))));
  expect(fulfilled(results)).toBe(1);
  expect(codes(results)).toEqual(Array.from({ length: 7 }, () => 'email_taken'));
  await expect(world.sql('select id from users where email = ?', [email])).resolves.toHaveLength(1);
});

test('registerUser, with a username that differs in case only, says username_taken and leaves nothing behind', async () => {
  const first = candidate({ username: `Jo-${newId().slice(-12)}` });
  await register(first);
  const second = candidate({ username: first.username.toUpperCase() });
  await expect(register(second)).rejects.toMatchObject({ code: 'username_taken' });
  await expect(
    world.sql('select 1 from outbox o join email_confirmations c on c.id::text = o.key where c.user_id = ?', [
      second.id,
    ]),
  ).resolves.toEqual([]);
});

/** A refusal that the database made would have ended the transaction, and stand in its log with all its values. */
async function refusedWithoutFailing(em: EntityManager, write: Promise<unknown>): Promise<string> {
  const code = await write.then(
    () => 'written',
    (error: unknown) => String((error as { code?: unknown }).code),
  );
  await em.execute('select 1');
  return code;
}

test('registerUser and changeProfile, for one e-mail address at once, let one through and fail no statement', async () => {
  const email = `${newId()}@example.com`;
  const movers = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const { id } = await world.register();
      return { id, checked: await world.query((em) => readCredentials(em, id)) };
    }),
  );
  const { cipher } = world;
  const outcomes = await Promise.all([
    ...movers.map(({ id, checked }) =>
      world.transact((em) =>
        refusedWithoutFailing(em, changeProfile({ em, cipher }, id, { email }, { checked, requestId: 'r' })),
      ),
    ),
    ...Array.from({ length: 4 }, () =>
      world.transact((em) => refusedWithoutFailing(em, registerUser({ em, cipher }, candidate({ email })))),
    ),
  ]);
  expect(outcomes.toSorted()).toEqual([...Array.from({ length: 7 }, () => 'email_taken'), 'written']);
});

test('changeProfile, to a username that differs from another in case only, says so and fails no statement', async () => {
  const first = candidate({ username: `Jo-${newId().slice(-12)}` });
  await register(first);
  const { id } = await world.register();
  const change = { username: first.username.toUpperCase() };
  const outcome = await world.transact((em) =>
    refusedWithoutFailing(
      em,
      changeProfile({ em, cipher: world.cipher }, id, change, { checked: null, requestId: 'r' }),
    ),
  );
  expect(outcome).toBe('username_taken');
});

test('changeProfile, to one’s own username in other letters, changes it', async () => {
  const user = candidate({ username: `jo-${newId().slice(-12)}` });
  await register(user);
  const username = user.username.toUpperCase();
  await world.transact((em) =>
    changeProfile({ em, cipher: world.cipher }, user.id, { username }, { checked: null, requestId: 'r' }),
  );
  await expect(world.query((em) => readAccount(em, world.cipher, user.id))).resolves.toMatchObject({ username });
});

test('registerUser writes account, role, confirmation, outbox message and audit entry, and no phone in plain', async () => {
  const user = candidate();
  await register(user);
  const account = await world.query((em) => readAccount(em, world.cipher, user.id));
  expect(account).toMatchObject({
    email: user.email,
    phone: user.phone,
    emailVerified: false,
    roles: ['customer'],
    tier: null,
  });
  const [row] = await world.sql<{ row: string }>('select users::text as row from users where id = ?', [user.id]);
  expect(row?.row).not.toContain(user.phone.slice(1));
  const messages = await world.sql(
    `select o.topic, o.payload from outbox o join email_confirmations c on c.id::text = o.key where c.user_id = ?`,
    [user.id],
  );
  expect(messages).toEqual([{ topic: 'user.registered', payload: { confirmationId: expect.any(String) as string } }]);
  await expect(world.sql('select action from audit_log where object_id = ?', [user.id])).resolves.toEqual([
    { action: 'user.registered' },
  ]);
});

test('the permission table holds every permission and role that the code names, and no other', async () => {
  const permissions = await world.sql<{ name: string }>('select name from permissions');
  const roles = await world.sql<{ name: string }>('select name from roles');
  expect(permissions.map(({ name }) => name).toSorted()).toEqual([...PERMISSIONS].toSorted());
  expect(roles.map(({ name }) => name).toSorted()).toEqual([...ROLES].toSorted());
});

async function openSession(userId: string): Promise<string> {
  const id = newId();
  const credentials = await world.query((em) => readCredentials(em, userId));
  if (credentials === null) throw new Error('no such user');
  await world.transact((em) =>
    logIn({ em, tokens: world.tokens }, credentials, { id, userAgent: 'test', requestId: 'r' }),
  );
  return id;
}

test('readAuthority, for a live session, tells roles and their permissions', async () => {
  const { id } = await world.register();
  await world.sql(`insert into user_roles (user_id, role) values (?, 'vendor')`, [id]);
  await expect(world.query(async (em) => readAuthority(em, await openSession(id)))).resolves.toMatchObject({
    userId: id,
    roles: ['customer', 'vendor'],
    permissions: ['catalogue:write', 'inventory:write'],
    shopPermissions: [],
    tier: null,
    vendorId: null,
  });
});

test.each([
  ['revoked', `update sessions set revoked_at = now() where id = ?`],
  ['expired', `update sessions set expires_at = now() where id = ?`],
  ['of a disabled user', `update users set disabled_at = now() where id = (select user_id from sessions where id = ?)`],
])('readAuthority, for a session that is %s, is null', async (_, statement) => {
  const { id } = await world.register();
  const sessionId = await openSession(id);
  await world.sql(statement, [sessionId]);
  await expect(world.query((em) => readAuthority(em, sessionId))).resolves.toBeNull();
});

test('logIn, when the password changed after it was checked, opens nothing', async () => {
  const { id } = await world.register();
  const checked = await world.query((em) => readCredentials(em, id));
  if (checked === null) throw new Error('no such user');
  await world.sql(`update users set password_hash = 'other' where id = ?`, [id]);
  const session = { id: newId(), userAgent: '', requestId: 'r' };
  await expect(world.transact((em) => logIn({ em, tokens: world.tokens }, checked, session))).rejects.toMatchObject({
    code: 'bad_credentials',
  });
  await expect(world.sql('select 1 from sessions where user_id = ?', [id])).resolves.toEqual([]);
});

test('revokeSessions, for a user, ends all live ones and names them', async () => {
  const { id } = await world.register();
  const sessions = [await openSession(id), await openSession(id)];
  const ended = await world.transact((em) => revokeSessions(em, { userId: id }, 'test'));
  expect(ended.toSorted()).toEqual(sessions.toSorted());
  await expect(world.transact((em) => revokeSessions(em, { userId: id }, 'test'))).resolves.toEqual([]);
});

test('changeProfile, to another e-mail address, unsets its confirmation and asks for another', async () => {
  const { id } = await world.register();
  await world.sql('update users set email_verified_at = now() where id = ?', [id]);
  const checked = await world.query((em) => readCredentials(em, id));
  const email = `${newId()}@example.com`;
  await world.transact((em) =>
    changeProfile({ em, cipher: world.cipher }, id, { email, phone: null }, { checked, requestId: 'r' }),
  );
  await expect(world.query((em) => readAccount(em, world.cipher, id))).resolves.toMatchObject({
    email,
    emailVerified: false,
    phone: null,
  });
  const topics = await world.sql<{ topic: string }>(
    `select topic from outbox o join email_confirmations c on c.id::text = o.key where c.user_id = ? order by o.id`,
    [id],
  );
  expect(topics.map(({ topic }) => topic)).toEqual(['user.registered', 'user.email_changed']);
});

test('changeProfile, to another e-mail address without a checked password, is refused', async () => {
  const { id, email } = await world.register();
  const change = { email: `${newId()}@example.com` };
  const attempt = world.transact((em) =>
    changeProfile({ em, cipher: world.cipher }, id, change, { checked: null, requestId: 'r' }),
  );
  await expect(attempt).rejects.toMatchObject({ code: 'bad_credentials' });
  await expect(world.query((em) => readAccount(em, world.cipher, id))).resolves.toMatchObject({ email });
});

test('changeProfile, to the e-mail address of another account, says email_taken', async () => {
  const [one, two] = [await world.register(), await world.register()];
  const checked = await world.query((em) => readCredentials(em, one.id));
  const attempt = world.transact((em) =>
    changeProfile({ em, cipher: world.cipher }, one.id, { email: two.email }, { checked, requestId: 'r' }),
  );
  await expect(attempt).rejects.toMatchObject({ code: 'email_taken' });
});
