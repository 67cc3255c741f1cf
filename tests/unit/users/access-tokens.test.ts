import { randomBytes } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { newId } from '../../../src/domain/kernel/ids.js';
import { createAccessTokens } from '../../../src/infra/crypto/access-tokens.js';

const NOW = new Date('2026-03-01T12:00:00Z');
const key = { id: 'k1', secret: randomBytes(32) };
const older = { id: 'k0', secret: randomBytes(32) };
const options = {
  keys: [key, older],
  issuer: 'https://shop.example',
  audience: 'perdure-api',
  lifetimeMs: 900_000,
  now: () => NOW,
} as const;
const tokens = createAccessTokens({ ...options, keys: [key, older] });
const claims = { userId: newId(), sessionId: newId() };

/** A token like ours, but for what a test changes. */
function forge(payload: object = {}, signing: jwt.SignOptions = {}, secret: Buffer | string = key.secret): string {
  const now = Math.floor(NOW.getTime() / 1_000);
  const body = {
    iss: options.issuer,
    aud: options.audience,
    sub: claims.userId,
    sid: claims.sessionId,
    jti: newId(),
    iat: now,
    exp: now + 60,
    ...payload,
  };
  return jwt.sign(JSON.parse(JSON.stringify(body)) as object, secret, { algorithm: 'HS256', keyid: 'k1', ...signing });
}

test('an access token, when it is ours, names its user and session', () => {
  expect(tokens.verify(tokens.issue(claims))).toEqual(claims);
  expect(tokens.verify(forge())).toEqual(claims);
});

test('an access token carries key id, issuer, audience, subject, session, its own id and 15 minutes', () => {
  const { header, payload } = jwt.decode(tokens.issue(claims), { complete: true }) ?? { header: null, payload: null };
  expect(header).toEqual({ alg: 'HS256', typ: 'JWT', kid: 'k1' });
  expect(payload).toEqual({
    iss: options.issuer,
    aud: options.audience,
    sub: claims.userId,
    sid: claims.sessionId,
    jti: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    iat: NOW.getTime() / 1_000,
    exp: NOW.getTime() / 1_000 + 900,
  });
});

test('an access token, when signed with a key that was replaced, still verifies', () => {
  const before = createAccessTokens({ ...options, keys: [older] });
  expect(tokens.verify(before.issue(claims))).toEqual(claims);
});

const unsigned = [{ alg: 'none', typ: 'JWT', kid: 'k1' }, jwt.decode(forge())]
  .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  .join('.');

test.each([
  ['is unsigned', `${unsigned}.`],
  ['is unsigned and carries a signature of ours', `${unsigned}.${forge().split('.')[2] ?? ''}`],
  ['uses another algorithm with our key', forge({}, { algorithm: 'HS512' })],
  ['names an unknown key', forge({}, { keyid: 'k9' })],
  ['names another of our keys', forge({}, { keyid: 'k0' })],
  ['is signed with a stranger’s key', forge({}, {}, randomBytes(32))],
  ['is of another issuer', forge({ iss: 'https://other.example' })],
  ['is for another audience', forge({ aud: 'perdure-events' })],
  ['has no audience', forge({ aud: undefined })],
  ['is expired', forge({ exp: NOW.getTime() / 1_000 - 1 })],
  ['expires now', forge({ exp: NOW.getTime() / 1_000 })],
  ['never expires', forge({ exp: undefined })],
  ['is not valid yet', forge({ nbf: NOW.getTime() / 1_000 + 60 })],
  ['names no session', forge({ sid: undefined })],
  ['names a session that is no id', forge({ sid: "' or 1=1" })],
  ['names no user', forge({ sub: undefined })],
  ['has no id', forge({ jti: undefined })],
  ['was changed', forge().replace(/\.([\w-]+)\./, (_, payload: string) => `.${payload.slice(0, -2)}AA.`)],
  ['is empty', ''],
  ['is garbage', 'a.b.c'],
])('an access token that %s is refused', (_, token) => {
  expect(tokens.verify(token)).toBeNull();
});
