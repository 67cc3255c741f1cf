import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { openJson, sealJson, type Sealed } from '../../../src/domain/kernel/cipher.js';
import { createCipher, type Key } from '../../../src/infra/crypto/aes-cipher.js';

const key = (id: string): Key => ({ id, secret: randomBytes(32) });
const [old, fresh] = [key('k1'), key('k2')];
const blindIndexKey = randomBytes(32);
const cipher = createCipher({ keys: [old], blindIndexKey });
const CONTEXT = 'orders.contact:1';

test('what was sealed, opens where it stands, and never looks the same twice', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }).map((text) => text.toWellFormed()),
      fc.string(),
      (text, context) => {
        const sealed = cipher.seal(text, context);
        expect(cipher.open(sealed, context)).toBe(text);
        expect(cipher.seal(text, context)).not.toBe(sealed);
      },
    ),
  );
});

test('a sealed value does not show what it holds', () => {
  expect(sealJson(cipher, { email: 'ada@example.com' }, CONTEXT)).not.toMatch(/ada|example/);
  expect(openJson(cipher, sealJson(cipher, { email: 'ada@example.com' }, CONTEXT), CONTEXT)).toEqual({
    email: 'ada@example.com',
  });
});

test('a sealed value, moved to another row or column, does not open', () => {
  const sealed = cipher.seal('secret', CONTEXT);
  for (const elsewhere of ['orders.contact:2', 'orders.shipping_address:1', ''])
    expect(() => cipher.open(sealed, elsewhere)).toThrow(/authenticate/);
});

test('a sealed value, with any bit of nonce, tag or text changed, does not open', () => {
  const parts = cipher.seal('secret', CONTEXT).split('.');
  for (const index of [2, 3, 4]) {
    const bytes = Buffer.from(parts[index] ?? '', 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      const sealed = parts.with(index, changed.toString('base64url')).join('.') as Sealed;
      expect(() => cipher.open(sealed, CONTEXT)).toThrow(/authenticate/);
    }
  }
});

test('a sealed value, cut short anywhere, does not open', () => {
  const sealed = cipher.seal('a longer secret', CONTEXT);
  for (let length = 0; length < sealed.length - 1; length += 1)
    expect(() => cipher.open(sealed.slice(0, length) as Sealed, CONTEXT)).toThrow(
      /authenticate|no known key|tag|argument/i,
    );
});

test('a key, put behind a newer one, still opens; gone or replaced under its id, it does not', () => {
  const sealed = cipher.seal('secret', CONTEXT);
  const rotated = createCipher({ keys: [fresh, old], blindIndexKey });
  expect(rotated.open(sealed, CONTEXT)).toBe('secret');
  expect(rotated.seal('secret', CONTEXT)).toMatch(/^v1\.k2\./);
  expect(() => createCipher({ keys: [fresh], blindIndexKey }).open(sealed, CONTEXT)).toThrow('no known key');
  expect(() => createCipher({ keys: [key('k1')], blindIndexKey }).open(sealed, CONTEXT)).toThrow(/authenticate/);
});

test('an error of the cipher holds neither the value nor its plaintext', () => {
  const sealed = cipher.seal('ada@example.com', CONTEXT);
  for (const value of [sealed, sealed.replace('k1', 'k9') as Sealed])
    expect(() => cipher.open(value, 'elsewhere')).toThrow(
      expect.objectContaining({ message: expect.not.stringMatching(/ada|v1\./) as string }),
    );
});

test('blindIndex is the same for the same value and purpose alone', () => {
  const index = cipher.blindIndex('ada@example.com', 'users.email');
  expect(index).toMatch(/^[0-9a-f]{64}$/);
  expect(createCipher({ keys: [fresh], blindIndexKey }).blindIndex('ada@example.com', 'users.email')).toBe(index);
  expect(cipher.blindIndex('ada@example.org', 'users.email')).not.toBe(index);
  expect(cipher.blindIndex('ada@example.com', 'orders.email')).not.toBe(index);
  expect(
    createCipher({ keys: [old], blindIndexKey: randomBytes(32) }).blindIndex('ada@example.com', 'users.email'),
  ).not.toBe(index);
});
