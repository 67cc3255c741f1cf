import { randomInt } from 'node:crypto';

/** Crockford's base 32: no I, L, O, U, so that it can be read out on the telephone. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** A short number that tells nothing of how many orders there are: `P-7KQ4-M2XD` (40 random bits). */
export function newOrderNumber(): string {
  const draw = () => Array.from({ length: 4 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
  return `P-${draw()}-${draw()}`;
}
