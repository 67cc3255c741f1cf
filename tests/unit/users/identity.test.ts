import {
  assertPasswordAcceptable,
  isCountry,
  isPhone,
  isUsername,
  normaliseUsername,
} from '../../../src/domain/users/index.js';

const owner = { email: 'jo.doe@example.com', username: 'JoDoe2000000' };
const accept = (password: string) => () => assertPasswordAcceptable(password, owner);

test.each(['aaaaaaaaaa', 'correct horse battery', 'x'.repeat(128), '🐎'.repeat(10)])(
  'a password, when long enough, is accepted: %s',
  (password) => {
    expect(accept(password)).not.toThrow();
  },
);

test.each([
  ['too short', 'aaaaaaaaa'],
  ['too short, counted in characters and not in code units', '🐎'.repeat(9)],
  ['too long', 'x'.repeat(129)],
  ['the e-mail address', 'Jo.Doe@Example.com'],
  ['the username', 'jodoe2000000'],
  ['the username in other letters of the same look', 'ｊｏｄｏｅ２００００００'],
])('a password that is %s is refused, by its field', (_, password) => {
  expect(accept(password)).toThrow(
    expect.objectContaining({
      code: 'validation_failed',
      details: [expect.objectContaining({ field: 'password' })],
    }) as Error,
  );
});

test('a username, in full-width letters, becomes the plain one', () => {
  expect(normaliseUsername(' ｊｏ ')).toBe('jo');
});

test.each(['ab', '.abc', 'a b c', 'a'.repeat(33), 'a/bc', 'a\u0000bc'])('a username like %j is refused', (username) => {
  expect(isUsername(username)).toBe(false);
});

test.each(['abc', 'Jörg.Müller', 'a_b-c', '李小龙'])('a username like %s is fine', (username) => {
  expect(isUsername(username)).toBe(true);
});

test('phones are E.164 and countries ISO 3166-1 alpha-2', () => {
  expect(['+4915112345678', '+12125'].map(isPhone)).toEqual([true, false]);
  expect(['004915112345678', '+0491511234567', '+49 151 12345678'].map(isPhone)).toEqual([false, false, false]);
  expect(['DE', 'US', 'GB', 'UK', 'de', 'XX', 'EU', ''].map(isCountry)).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
    false,
    false,
  ]);
});
