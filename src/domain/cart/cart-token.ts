import { createHash, createHmac, randomBytes } from 'node:crypto';

/** Whoever holds it holds the cart; the database knows its hash only. */
export const newCartToken = (): string => randomBytes(32).toString('base64url');

/** The token of the cart that follows another one: the holder of the first can be told it again. */
export const nextCartToken = (token: string, cartId: string): string =>
  createHmac('sha256', token).update(cartId).digest('base64url');

export const hashCartToken = (token: string): string => createHash('sha256').update(token).digest('hex');
