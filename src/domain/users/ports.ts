import type { SessionAuthority } from './types.js';

/** Slow on purpose: never within a transaction. */
export interface PasswordHasher {
  hash(password: string): Promise<string>;
  /** Null takes as long as any hash and is false, so that timing does not tell who exists. */
  verify(hash: string | null, password: string): Promise<boolean>;
}

export interface AccessClaims {
  readonly userId: string;
  readonly sessionId: string;
}

/** Signed, short-lived tokens that name a user and a session; what they may do is looked up. */
export interface AccessTokens {
  readonly lifetimeMs: number;
  issue(claims: AccessClaims): string;
  /** Null for every token that is not ours, not for us, or not valid now. */
  verify(token: string): AccessClaims | null;
}

/** Opaque secrets that stand in mails and cookies; the database knows their hashes only. */
export interface SecretTokens {
  random(): string;
  /** The same for the same purpose and subject while the server's key stands, so that a repeat can say it again. */
  derive(purpose: string, subject: string): string;
  hash(token: string): string;
}

/** Seconds of memory in front of the session look-up; loses everything without harm and never throws. */
export interface SessionCache {
  read(sessionId: string): Promise<SessionAuthority | null>;
  keep(sessionId: string, authority: SessionAuthority): Promise<void>;
  /** After the change is committed. A read that began before it can not bring the old answer back. */
  forget(sessionIds: readonly string[]): Promise<void>;
}
