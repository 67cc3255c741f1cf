import { createUserActivities } from '../../../src/activities/users.js';
import type { MailMessage } from '../../../src/domain/notifications/ports.js';
import { openAccountApp, PASSWORD, type AccountApp } from '../../support/account.js';

let app: AccountApp;
let mails: MailMessage[];
beforeAll(async () => {
  app = await openAccountApp();
});
afterAll(() => app.close());
beforeEach(() => {
  mails = [];
});

const activities = () =>
  createUserActivities({
    ...app.deps,
    tokens: app.deps.secretTokens,
    publicUrl: 'https://shop.example',
    mailer: { send: async (message) => void mails.push(message) },
  });
const ask = (email: string) => app.call<object>('POST', '/auth/password-reset', { body: { email } });

/** What the flow would do with the newest request. */
async function mailedToken(): Promise<string> {
  const { requestId } = (app.started.at(-1)?.input as { requestId: string } | undefined) ?? { requestId: 'none' };
  await activities().preparePasswordReset(requestId);
  await activities().mailPasswordReset(requestId);
  return tokenIn(mails.at(-1));
}
const tokenIn = (mail: MailMessage | undefined): string => /token=([\w-]{43})/.exec(mail?.text ?? '')?.[1] ?? 'none';
const confirm = (token: string, password = 'a whole new password') =>
  app.call('POST', '/auth/password-reset/confirm', { body: { token, password } });

test('POST /auth/password-reset answers the same for known and unknown addresses, and starts a flow for each', async () => {
  const { email } = await app.register();
  const [known, unknown] = [await ask(email), await ask('nobody@example.com')];
  expect([known.status, known.body]).toEqual([202, { status: 'accepted' }]);
  expect([unknown.status, unknown.body]).toEqual([known.status, known.body]);
  const flows = app.started.slice(-2);
  expect(flows.map(({ flow }) => flow)).toEqual(['passwordReset', 'passwordReset']);
  for (const { workflowId, input } of flows)
    expect(workflowId).toBe(`password-reset-${(input as { requestId: string }).requestId}`);
  expect(JSON.stringify(flows)).not.toContain('@');
});

test('POST /auth/password-reset/confirm sets the password once and ends all sessions at once', async () => {
  const { email, headers } = await app.customer();
  expect((await app.call('GET', '/users/me', { headers })).status).toBe(200);
  await ask(email);
  const token = await mailedToken();
  expect((await confirm(token)).status).toBe(204);
  expect((await app.call('GET', '/users/me', { headers })).status).toBe(401);
  expect((await app.logIn(email)).status).toBe(401);
  expect((await app.logIn(email, { password: 'a whole new password' })).status).toBe(200);
  const again = await confirm(token);
  expect([again.status, again.body.error.code]).toEqual([400, 'token_invalid']);
});

test('POST /auth/password-reset/confirm says the same of a used, a superseded and a made-up token', async () => {
  const { email } = await app.register();
  await ask(email);
  const older = await mailedToken();
  await ask(email);
  const used = await mailedToken();
  await confirm(used);
  const answers = [await confirm(used), await confirm(older), await confirm('x'.repeat(43))];
  const said = answers.map(({ status, body: { error } }) => ({
    status,
    code: error.code,
    message: error.message,
    details: error.details,
  }));
  expect(said).toEqual([said[0], said[0], said[0]]);
});

test('POST /auth/password-reset/confirm, with a password that is refused, leaves the token unused', async () => {
  const { email } = await app.register();
  await ask(email);
  const token = await mailedToken();
  expect((await confirm(token, email)).status).toBe(400);
  expect((await confirm(token)).status).toBe(204);
});

test('POST /auth/email/confirm, with the mailed token, confirms the address once', async () => {
  const { headers, userId } = await app.customer();
  const [request] = await app.deps.query((em) =>
    em.execute<{ id: string }[]>('select id from email_confirmations where user_id = ?', [userId]),
  );
  await activities().mailEmailConfirmation(request?.id ?? '');
  const call = () => app.call('POST', '/auth/email/confirm', { body: { token: tokenIn(mails[0]) } });
  expect((await call()).status).toBe(204);
  expect((await call()).status).toBe(400);
  expect((await app.call('GET', '/users/me', { headers })).body).toMatchObject({ email_verified: true });
  expect((await app.call('POST', '/auth/email/confirmation', { headers })).status).toBe(409);
});

test('POST /auth/email/confirmation asks for another mail', async () => {
  const { headers, userId } = await app.customer();
  expect((await app.call('POST', '/auth/email/confirmation', { headers })).status).toBe(202);
  const rows = await app.deps.query((em) =>
    em.execute('select 1 from email_confirmations where user_id = ?', [userId]),
  );
  expect(rows).toHaveLength(2);
});

test('POST /auth/password-reset, while Temporal is away, is 503 and says when to try again', async () => {
  const away = await openAccountApp({
    start: async () => {
      throw Object.assign(new Error('14 UNAVAILABLE'), { code: 14, details: 'No connection established' });
    },
  });
  try {
    const { status, headers } = await away.call('POST', '/auth/password-reset', { body: { email: 'jo@example.com' } });
    expect([status, headers.get('Retry-After')]).toEqual([503, expect.stringMatching(/^\d+$/)]);
  } finally {
    await away.close();
  }
});

test('the log of all this holds neither addresses nor passwords nor tokens', async () => {
  const { email } = await app.register();
  await app.logIn(email, { password: 'not the password' });
  await ask(email);
  const token = await mailedToken();
  await confirm(token);
  await confirm(token);
  const log = JSON.stringify(app.logged());
  for (const secret of [email, PASSWORD, 'not the password', 'a whole new password', token])
    expect(log).not.toContain(secret);
});
