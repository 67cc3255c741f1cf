/**
 * Encrypted text as it stands in a column: `v1.<key id>.<nonce>.<tag>.<ciphertext>`.
 * Everything personal that is not needed for look-ups is stored so.
 */
export type Sealed = string & { readonly sealed: unique symbol };

/** AES-256-GCM with key ids, and a keyed blind index for equality look-ups. */
export interface Cipher {
  /** `context` (table, column and row id) is authenticated: a value moved to another row does not open. */
  seal(plaintext: string, context: string): Sealed;
  /** @throws Error when the value was changed, moved, or its key is unknown */
  open(sealed: Sealed, context: string): string;
  /** The same for equal values of one purpose; reveals nothing else. Hex, 32 bytes. */
  blindIndex(value: string, purpose: string): string;
}

export const sealJson = (cipher: Cipher, value: unknown, context: string): Sealed =>
  cipher.seal(JSON.stringify(value), context);

export const openJson = <T>(cipher: Cipher, sealed: Sealed, context: string): T =>
  JSON.parse(cipher.open(sealed, context)) as T;
