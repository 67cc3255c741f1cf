import { newId } from '../../../src/domain/kernel/ids.js';
import {
  changeProfile,
  findResetOwner,
  issueResetToken,
  logIn,
  markResetMailed,
  preparePasswordReset,
  readCredentials,
  requestPasswordReset,
  resetPassword,
} from '../../../src/domain/users/index.js';
import { createUserWorld, type UserWorld } from '../../support/users.js';

let world: UserWorld;
beforeAll(() => {
  world = createUserWorld(process.env['DATABASE_URL'] ?? '');
});
afterAll(() => world.close());

async function request(email: string): Promise<string> {
  const id = newId();
  await world.transact((em) => requestPasswordReset({ em, cipher: world.cipher }, { id, email }));
  return id;
}
const prepare = (id: string) => world.transact((em) => preparePasswordReset({ em, cipher: world.cipher }, id));
const issue = (id: string) =>
  world.transact((em) => issueResetToken({ em, cipher: world.cipher, tokens: world.tokens }, id));

async function mailed(email: string): Promise<{ id: string; token: string }> {
  const id = await request(email);
  await expect(prepare(id)).resolves.toBe('prepared');
  const mail = await issue(id);
  if (mail.kind !== 'to_send') throw new Error(`closed: ${mail.outcome}`);
  await world.transact((em) => markResetMailed(em, id, 'sent'));
  return { id, token: mail.token };
}

async function confirm(token: string): Promise<string[]> {
  const owner = await world.query((em) => findResetOwner({ em, tokens: world.tokens }, token));
  const reset = { ...owner, token, passwordHash: `new-${newId()}`, httpRequestId: 'r' };
  return world.transact((em) => resetPassword({ em, cipher: world.cipher, tokens: world.tokens }, reset));
}
const passwordOf = async (userId: string) => (await world.query((em) => readCredentials(em, userId)))?.passwordHash;
const status = async (id: string) =>
  (await world.sql<{ status: string }>('select status from password_resets where id = ?', [id]))[0]?.status;
const INVALID = { code: 'token_invalid' };

test('a reset token, at first use, sets the password, ends all sessions and is audited', async () => {
  const user = await world.register();
  const credentials = await world.query((em) => readCredentials(em, user.id));
  if (credentials === null) throw new Error('no such user');
  const sessionId = newId();
  await world.transact((em) =>
    logIn({ em, tokens: world.tokens }, credentials, { id: sessionId, userAgent: '', requestId: 'r' }),
  );
  const { id, token } = await mailed(user.email);

  await expect(confirm(token)).resolves.toEqual([sessionId]);
  await expect(passwordOf(user.id)).resolves.toMatch(/^new-/);
  await expect(status(id)).resolves.toBe('used');
  await expect(
    world.sql(`select 1 as one from audit_log where object_id = ? and action = 'user.password_reset'`, [user.id]),
  ).resolves.toHaveLength(1);
});

test('a reset token, at second use, is invalid', async () => {
  const user = await world.register();
  const { token } = await mailed(user.email);
  await confirm(token);
  await expect(confirm(token)).rejects.toMatchObject(INVALID);
});

test('a reset token, confirmed by six requests at once, works exactly once', async () => {
  const user = await world.register();
  const { token } = await mailed(user.email);
  const owner = await world.query((em) => findResetOwner({ em, tokens: world.tokens }, token));
  const results = await Promise.allSettled(
    Array.from({ length: 6 }, (_, index) =>
      world.transact((em) =>
        resetPassword(
          { em, cipher: world.cipher, tokens: world.tokens },
          { ...owner, token, passwordHash: `try-${index}`, httpRequestId: 'r' },
        ),
      ),
    ),
  );
  expect(results.filter(({ status: outcome }) => outcome === 'fulfilled')).toHaveLength(1);
  expect(
    results.flatMap((result) => (result.status === 'rejected' ? [(result.reason as { code: string }).code] : [])),
  ).toEqual(Array.from({ length: 5 }, () => 'token_invalid'));
});

test('a reset token, after 30 minutes by the database’s clock, is invalid', async () => {
  const user = await world.register();
  const { id, token } = await mailed(user.email);
  const [life] = await world.sql<{ minutes: number }>(
    `select round(extract(epoch from expires_at - clock_timestamp()) / 60)::int as minutes from password_resets where id = ?`,
    [id],
  );
  expect(life).toEqual({ minutes: 30 });
  await world.sql('update password_resets set expires_at = clock_timestamp() where id = ?', [id]);
  await expect(confirm(token)).rejects.toMatchObject(INVALID);
});

test('a reset token, once a newer request was made, is invalid even before that one’s flow ran', async () => {
  const user = await world.register();
  const { token } = await mailed(user.email);
  await request(user.email);
  await expect(confirm(token)).rejects.toMatchObject(INVALID);
});

test.each([
  ['a newer request came', (user: { email: string }) => request(user.email)],
  [
    'its time ran out',
    (_: unknown, id: string) =>
      world.sql('update password_resets set expires_at = clock_timestamp() where id = ?', [id]),
  ],
  [
    'the address changed',
    (user: { id: string }) => world.sql('update users set email = ? where id = ?', [`${newId()}@example.com`, user.id]),
  ],
  [
    'the account was disabled',
    (user: { id: string }) => world.sql('update users set disabled_at = now() where id = ?', [user.id]),
  ],
])('a reset token, when %s between look-up and use, is invalid', async (_, meanwhile) => {
  const user = await world.register();
  const { id, token } = await mailed(user.email);
  const owner = await world.query((em) => findResetOwner({ em, tokens: world.tokens }, token));
  await meanwhile(user, id);
  const use = world.transact((em) =>
    resetPassword(
      { em, cipher: world.cipher, tokens: world.tokens },
      { ...owner, token, passwordHash: 'x', httpRequestId: 'r' },
    ),
  );
  await expect(use).rejects.toMatchObject(INVALID);
});

test('preparing a newer request marks the older ones superseded', async () => {
  const user = await world.register();
  const older = await mailed(user.email);
  const newer = await mailed(user.email);
  await expect(status(older.id)).resolves.toBe('superseded');
  await expect(confirm(older.token)).rejects.toMatchObject(INVALID);
  await expect(confirm(newer.token)).resolves.toEqual([]);
});

test('preparing an older request late, after a newer one, supersedes the older', async () => {
  const user = await world.register();
  const older = await request(user.email);
  const newer = await mailed(user.email);
  await expect(prepare(older)).resolves.toBe('superseded');
  await expect(confirm(newer.token)).resolves.toEqual([]);
});

test('a reset token, after the e-mail address changed, is invalid, and stays so when it changes back', async () => {
  const user = await world.register();
  const { token } = await mailed(user.email);
  for (const email of [`${newId()}@example.com`, user.email]) {
    const checked = await world.query((em) => readCredentials(em, user.id));
    await world.transact((em) =>
      changeProfile({ em, cipher: world.cipher }, user.id, { email }, { checked, requestId: 'r' }),
    );
    await expect(confirm(token)).rejects.toMatchObject(INVALID);
  }
});

test('a request whose user moved to another address before the mail went out sends nothing', async () => {
  const user = await world.register();
  const id = await request(user.email);
  await prepare(id);
  await world.sql('update users set email = ? where id = ?', [`${newId()}@example.com`, user.id]);
  await expect(issue(id)).resolves.toEqual({ kind: 'closed', outcome: 'superseded' });
});

test('a request for an address without an account ends as unknown and has no token', async () => {
  const id = await request('nobody@example.com');
  await expect(prepare(id)).resolves.toBe('unknown_address');
  await expect(prepare(id)).resolves.toBe('unknown_address');
  await expect(issue(id)).resolves.toEqual({ kind: 'closed', outcome: 'unknown_address' });
  await expect(world.sql('select token_hash from password_resets where id = ?', [id])).resolves.toEqual([
    { token_hash: null },
  ]);
});

test('a request for a disabled account ends like one for an unknown address', async () => {
  const user = await world.register();
  await world.sql('update users set disabled_at = now() where id = ?', [user.id]);
  await expect(prepare(await request(user.email))).resolves.toBe('unknown_address');
});

test('issuing again, before the mail is known to be sent, says the same; afterwards nothing', async () => {
  const user = await world.register();
  const id = await request(user.email);
  await prepare(id);
  const first = await issue(id);
  expect(first).toMatchObject({ kind: 'to_send', to: user.email });
  await expect(issue(id)).resolves.toEqual(first);
  await world.transact((em) => markResetMailed(em, id, 'sent'));
  await expect(issue(id)).resolves.toEqual({ kind: 'closed', outcome: 'sent' });
});

test('a token that was used before its mail was recorded as sent stays used', async () => {
  const user = await world.register();
  const id = await request(user.email);
  await prepare(id);
  const mail = await issue(id);
  if (mail.kind !== 'to_send') throw new Error('closed');
  await confirm(mail.token);
  await world.transact((em) => markResetMailed(em, id, 'sent'));
  await expect(status(id)).resolves.toBe('used');
  await expect(issue(id)).resolves.toEqual({ kind: 'closed', outcome: 'sent' });
});

test('a request whose mail could not be sent for a day is expired', async () => {
  const user = await world.register();
  const id = await request(user.email);
  await prepare(id);
  await world.sql(`update password_resets set created_at = now() - interval '25 hours' where id = ?`, [id]);
  await expect(issue(id)).resolves.toEqual({ kind: 'closed', outcome: 'expired' });
});

test('the password_resets table holds neither token nor address', async () => {
  const user = await world.register();
  const { id, token } = await mailed(user.email);
  const [row] = await world.sql<{ row: string }>(
    'select password_resets::text as row from password_resets where id = ?',
    [id],
  );
  expect(row?.row).not.toContain(token);
  expect(row?.row).not.toContain(user.email);
});

test('a token of nobody is invalid', async () => {
  await expect(confirm('x'.repeat(43))).rejects.toMatchObject(INVALID);
});
