import { randomBytes } from 'node:crypto';
import { passwordResetMail } from '../../../src/domain/users/index.js';
import { mailToken } from '../../../src/domain/users/mail-token.js';
import { createPasswordHasher } from '../../../src/infra/crypto/passwords.js';
import { createSecretTokens } from '../../../src/infra/crypto/secret-tokens.js';

const tokens = createSecretTokens({ keys: [{ id: 'k', secret: randomBytes(32) }] });
const NOW = new Date('2026-03-01T12:00:00.000Z');
const LIFE = 30 * 60_000;
const issue = (stored: { hash: string | null; expiresAt: string | null }, now = NOW, requestId = 'r1') =>
  mailToken(tokens, { purpose: 'password-reset', requestId, stored, now, lifetimeMs: LIFE });
const later = (minutes: number): Date => new Date(NOW.getTime() + minutes * 60_000);

test('a mailed token, when first made, lives for its whole life from now and is stored as its hash', () => {
  const made = issue({ hash: null, expiresAt: null });
  expect(made.expiresAt).toBe('2026-03-01T12:30:00.000Z');
  expect(made.hash).toBe(tokens.hash(made.token));
  expect(made.hash).not.toContain(made.token);
  expect(Buffer.from(made.token, 'base64url')).toHaveLength(32);
});

test('a mailed token, when made again within half its life, is the same with the same end', () => {
  const made = issue({ hash: null, expiresAt: null });
  expect(issue(made, later(14))).toEqual(made);
});

test('a mailed token, when its mail did not go out for half its life, makes way for a fresh one', () => {
  const made = issue({ hash: null, expiresAt: null });
  const fresh = issue(made, later(16));
  expect(fresh.token).not.toBe(made.token);
  expect(fresh.expiresAt).toBe('2026-03-01T12:46:00.000Z');
});

test('a mailed token, when the server’s key changed, is a fresh one', () => {
  const made = issue({ hash: null, expiresAt: null });
  const other = createSecretTokens({ keys: [{ id: 'k2', secret: randomBytes(32) }] });
  const again = mailToken(other, {
    purpose: 'password-reset',
    requestId: 'r1',
    stored: made,
    now: later(1),
    lifetimeMs: LIFE,
  });
  expect(again.token).not.toBe(made.token);
  expect(again.expiresAt).toBe('2026-03-01T12:31:00.000Z');
});

test('mailed tokens of other requests and purposes are other tokens', () => {
  const none = { hash: null, expiresAt: null };
  const all = [
    issue(none).token,
    issue(none, NOW, 'r2').token,
    mailToken(tokens, { purpose: 'confirm-email', requestId: 'r1', stored: none, now: NOW, lifetimeMs: LIFE }).token,
  ];
  expect(new Set(all).size).toBe(3);
});

test('a mail of the same token is the same to the letter; of a fresh token it is another message', () => {
  const mail = (expiresAt: string) =>
    passwordResetMail({
      requestId: 'r1',
      to: 'jo@example.com',
      token: 'a"<b>',
      expiresAt,
      publicUrl: 'https://shop.example',
    });
  expect(mail('2026-03-01T12:30:00.000Z')).toEqual(mail('2026-03-01T12:30:00.000Z'));
  expect(mail('2026-03-01T12:46:00.000Z').messageId).not.toBe(mail('2026-03-01T12:30:00.000Z').messageId);
  expect(mail('2026-03-01T12:30:00.000Z').text).toContain('https://shop.example/reset-password?token=a%22%3Cb%3E');
  expect(mail('2026-03-01T12:30:00.000Z').html).not.toContain('<b>');
});

test('passwords are Argon2id with OWASP’s parameters and a salt each', async () => {
  const passwords = createPasswordHasher();
  const [one, two] = await Promise.all([passwords.hash('correct horse'), passwords.hash('correct horse')]);
  expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect(one).not.toBe(two);
  await expect(passwords.verify(one, 'correct horse')).resolves.toBe(true);
  await expect(passwords.verify(one, 'correct horsf')).resolves.toBe(false);
});

test('a password, typed in letters of the same look, is the same', async () => {
  const passwords = createPasswordHasher();
  await expect(passwords.verify(await passwords.hash('Ångström cable'), 'A\u030Angstro\u0308m cable')).resolves.toBe(
    true,
  );
});

test('a password, where there is no hash, is wrong', async () => {
  await expect(createPasswordHasher().verify(null, '')).resolves.toBe(false);
});
