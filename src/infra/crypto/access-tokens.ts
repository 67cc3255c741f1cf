import { randomUUID } from 'node:crypto';
import jwt from 'jsonwebtoken';
import type { Clock } from '../../domain/kernel/clock.js';
import { isId } from '../../domain/kernel/ids.js';
import type { AccessTokens } from '../../domain/users/ports.js';
import type { Key } from './aes-cipher.js';

export interface AccessTokenOptions {
  /** The first key signs, all of them verify. */
  readonly keys: readonly [Key, ...Key[]];
  readonly issuer: string;
  readonly audience: string;
  readonly lifetimeMs: number;
  readonly now: Clock;
}

/** JSON Web Tokens, HS256 and nothing else, with the key's id in the header. */
export function createAccessTokens({ keys, issuer, audience, lifetimeMs, now }: AccessTokenOptions): AccessTokens {
  const [current] = keys;
  const byId = new Map(keys.map((key) => [key.id, key.secret]));
  const seconds = (): number => Math.floor(now().getTime() / 1_000);
  return {
    lifetimeMs,
    issue({ userId, sessionId }) {
      const issuedAt = seconds();
      return jwt.sign(
        { sid: sessionId, iat: issuedAt, exp: issuedAt + Math.floor(lifetimeMs / 1_000) },
        current.secret,
        { algorithm: 'HS256', keyid: current.id, issuer, audience, subject: userId, jwtid: randomUUID() },
      );
    },
    verify(token) {
      const secret = byId.get(keyIdOf(token) ?? '');
      if (secret === undefined) return null;
      try {
        const claims = jwt.verify(token, secret, {
          algorithms: ['HS256'],
          issuer,
          audience,
          clockTimestamp: seconds(),
        });
        if (typeof claims === 'string' || claims.exp === undefined || claims.jti === undefined) return null;
        const { sub, sid } = claims as { sub?: unknown; sid?: unknown };
        if (typeof sub !== 'string' || typeof sid !== 'string' || !isId(sub) || !isId(sid)) return null;
        return { userId: sub, sessionId: sid };
      } catch (error) {
        if (error instanceof jwt.JsonWebTokenError || error instanceof SyntaxError) return null;
        throw error;
      }
    },
  };
}

function keyIdOf(token: string): string | undefined {
  try {
    return jwt.decode(token, { complete: true })?.header.kid;
  } catch {
    return undefined;
  }
}
