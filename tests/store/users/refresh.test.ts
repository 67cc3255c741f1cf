import { newId } from '../../../src/domain/kernel/ids.js';
import { logIn, readCredentials, refreshSession } from '../../../src/domain/users/index.js';
import { createUserWorld, type UserWorld } from '../../support/users.js';

let world: UserWorld;
beforeAll(() => {
  world = createUserWorld(process.env['DATABASE_URL'] ?? '');
});
afterAll(() => world.close());

async function open(): Promise<{ sessionId: string; userId: string; token: string }> {
  const { id: userId } = await world.register();
  const credentials = await world.query((em) => readCredentials(em, userId));
  if (credentials === null) throw new Error('no such user');
  const sessionId = newId();
  const token = await world.transact((em) =>
    logIn({ em, tokens: world.tokens }, credentials, { id: sessionId, userAgent: 'test', requestId: 'r' }),
  );
  return { sessionId, userId, token };
}

const refresh = (token: string) => world.transact((em) => refreshSession({ em, tokens: world.tokens }, token));

async function next(token: string): Promise<string> {
  const outcome = await refresh(token);
  if (outcome.kind !== 'refreshed') throw new Error(`the token is ${outcome.kind}`);
  return outcome.refreshToken;
}

const afterGrace = (sessionId: string) =>
  world.sql(`update sessions set rotated_at = rotated_at - interval '11 seconds' where id = ?`, [sessionId]);
const revocation = (sessionId: string) => world.sql('select revoked_reason from sessions where id = ?', [sessionId]);

test('refreshSession, with the current token, gives the next one, which works in turn', async () => {
  const { token, sessionId, userId } = await open();
  const first = await refresh(token);
  expect(first).toMatchObject({ kind: 'refreshed', sessionId, userId });
  const second = await next(token);
  await expect(next(second)).resolves.not.toBe(second);
});

test('refreshSession, with one token from five tabs at once, gives all the same next one', async () => {
  const { token, sessionId } = await open();
  const given = await Promise.all(Array.from({ length: 5 }, () => next(token)));
  expect(new Set(given).size).toBe(1);
  await expect(revocation(sessionId)).resolves.toEqual([{ revoked_reason: null }]);
});

test('refreshSession, with the previous token after the grace, revokes the session and says so in the audit log', async () => {
  const { token, sessionId } = await open();
  const current = await next(token);
  await afterGrace(sessionId);
  await expect(refresh(token)).resolves.toEqual({ kind: 'reused', sessionId });
  await expect(refresh(current)).resolves.toEqual({ kind: 'refused' });
  await expect(revocation(sessionId)).resolves.toEqual([{ revoked_reason: 'refresh_reuse' }]);
  await expect(
    world.sql(`select data->>'reason' as reason from audit_log where object_id = ? and action = 'session.revoked'`, [
      sessionId,
    ]),
  ).resolves.toEqual([{ reason: 'refresh_reuse' }]);
});

test('refreshSession, with a token from before the previous one, revokes the session even within the grace', async () => {
  const { token, sessionId } = await open();
  const current = await next(await next(token));
  await expect(refresh(token)).resolves.toEqual({ kind: 'reused', sessionId });
  await expect(refresh(current)).resolves.toEqual({ kind: 'refused' });
});

test('refreshSession, with a live session’s id and a secret that was never given out, refuses and ends nothing', async () => {
  const { token, sessionId } = await open();
  const current = await next(token);
  await expect(refresh(`${sessionId}.${'x'.repeat(43)}`)).resolves.toEqual({ kind: 'refused' });
  const { token: other } = await open();
  await expect(refresh(`${sessionId}.${other.split('.')[1] ?? ''}`)).resolves.toEqual({ kind: 'refused' });
  await expect(revocation(sessionId)).resolves.toEqual([{ revoked_reason: null }]);
  await expect(next(current)).resolves.not.toBe(current);
});

test('refreshSession, with the first of many tokens, revokes the session', async () => {
  const { token, sessionId } = await open();
  let current = token;
  for (let refreshes = 0; refreshes < 12; refreshes += 1) current = await next(current);
  await expect(refresh(token)).resolves.toEqual({ kind: 'reused', sessionId });
});

test.each([
  ['revoked', 'update sessions set revoked_at = now() where id = ?'],
  ['expired', 'update sessions set expires_at = now() where id = ?'],
  ['of a disabled user', 'update users set disabled_at = now() where id = (select user_id from sessions where id = ?)'],
])('refreshSession, for a session that is %s, refuses', async (_, statement) => {
  const { token, sessionId } = await open();
  await world.sql(statement, [sessionId]);
  await expect(refresh(token)).resolves.toEqual({ kind: 'refused' });
});

test.each(['', 'garbage', `${newId()}.${'x'.repeat(43)}`, `${newId()}.x`])(
  'refreshSession, with %j, refuses',
  async (token) => {
    await expect(refresh(token)).resolves.toEqual({ kind: 'refused' });
  },
);

test('the sessions table holds no refresh token', async () => {
  const { token, sessionId } = await open();
  await next(token);
  const [row] = await world.sql<{ row: string }>('select sessions::text as row from sessions where id = ?', [
    sessionId,
  ]);
  expect(row?.row).not.toContain(token.split('.')[1]);
});
