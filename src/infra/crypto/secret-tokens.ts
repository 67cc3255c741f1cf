import { createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import type { SecretTokens } from '../../domain/users/ports.js';
import type { Key } from './aes-cipher.js';

/** Tokens of 32 bytes in base64url; hashes in hex. The key for derived ones is made from the first of `keys`. */
export function createSecretTokens({ keys }: { readonly keys: readonly [Key, ...Key[]] }): SecretTokens {
  const key = Buffer.from(hkdfSync('sha256', keys[0].secret, '', 'perdure secret tokens', 32));
  return {
    random: () => randomBytes(32).toString('base64url'),
    derive: (purpose, subject) => createHmac('sha256', key).update(`${purpose}\0${subject}`).digest('base64url'),
    hash: (token) => createHash('sha256').update(token).digest('hex'),
  };
}
