import type { SecretTokens } from './ports.js';

/** What the database keeps of a token that was mailed, or is about to be. */
export interface StoredToken {
  readonly hash: string | null;
  /** ISO 8601, by the database's clock. */
  readonly expiresAt: string | null;
}

export interface MailToken {
  readonly token: string;
  readonly hash: string;
  readonly expiresAt: string;
}

/**
 * The token of a request. It is made from the server's key, the request and the expiry, so a repeat after a kill says the same
 * again. While its mail could not be sent, a token that ran through half its life makes way for a fresh one.
 */
export function mailToken(
  tokens: SecretTokens,
  {
    purpose,
    requestId,
    stored,
    now,
    lifetimeMs,
  }: {
    readonly purpose: string;
    readonly requestId: string;
    readonly stored: StoredToken;
    /** By the database's clock. */
    readonly now: Date;
    readonly lifetimeMs: number;
  },
): MailToken {
  const make = (expiresAt: Date): MailToken => {
    const token = tokens.derive(purpose, `${requestId}.${expiresAt.getTime()}`);
    return { token, hash: tokens.hash(token), expiresAt: expiresAt.toISOString() };
  };
  if (stored.expiresAt !== null) {
    const expiresAt = new Date(stored.expiresAt);
    const known = make(expiresAt);
    if (known.hash === stored.hash && expiresAt.getTime() - now.getTime() > lifetimeMs / 2) return known;
  }
  return make(new Date(now.getTime() + lifetimeMs));
}
