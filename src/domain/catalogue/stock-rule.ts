import { createHash } from 'node:crypto';

/**
 * Stock of a variant whose import line states none, so that every import of a file gives the same shop.
 * n is the first four bytes of the SKU's SHA-256 as a big-endian number: nothing where n mod 10 is 0,
 * else 1 + floor(n / 10) mod 100.
 */
export function stockBySku(sku: string): number {
  const n = createHash('sha256').update(sku).digest().readUInt32BE(0);
  return n % 10 === 0 ? 0 : 1 + (Math.floor(n / 10) % 100);
}
