import { randomBytes } from 'node:crypto';
import { hash, verify, type Options } from '@node-rs/argon2';
import type { PasswordHasher } from '../../domain/users/ports.js';

/** OWASP's Argon2id parameters: 19 MiB, two passes, one lane. */
const MEMORY_KIB = 19_456;
const PASSES = 2;
const LANES = 1;
const ARGON2ID = 2;

/** Passwords that look the same are the same (NFKC), whatever keyboard typed them. */
export function createPasswordHasher(): PasswordHasher {
  const options: Options = { algorithm: ARGON2ID, memoryCost: MEMORY_KIB, timeCost: PASSES, parallelism: LANES };
  const unpadded = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '');
  // no password has this hash, but to find that out costs the same
  const nobody = `$argon2id$v=19$m=${MEMORY_KIB},t=${PASSES},p=${LANES}$${unpadded(randomBytes(16))}$${unpadded(randomBytes(32))}`;
  return {
    hash: (password) => hash(password.normalize('NFKC'), options),
    async verify(stored, password) {
      const matches = await verify(stored ?? nobody, password.normalize('NFKC'));
      return matches && stored !== null;
    },
  };
}
