import type { Context } from 'koa';
import { DomainError } from '../../domain/kernel/errors.js';
import type { Query } from '../../domain/kernel/transact.js';
import { assertAdmitted, checkSession, type AccessTokens, type SessionCache } from '../../domain/users/index.js';
import type { Caller } from '../../domain/users/types.js';
import type { Access } from '../endpoint.js';

export interface AuthoriseDeps {
  readonly tokens: AccessTokens;
  readonly sessions: SessionCache;
  readonly query: Query;
}

export type Authorise = (ctx: Context, access: Access) => Promise<Caller>;

const BEARER = /^Bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i;
const CART_TOKEN = /^[\w-]{20,128}$/;

/**
 * Who calls, and whether `access` admits them. A token that came along must be good wherever tokens are looked at:
 * who believes to be logged in is told that they are not.
 */
export function createAuthorise({ tokens, sessions, query }: AuthoriseDeps): Authorise {
  return async (ctx, access) => {
    const cartToken = readCartToken(ctx);
    const authorization = access === 'open' ? '' : ctx.get('Authorization');
    if (authorization === '') {
      if (access === 'open' || access === 'anyone' || access === 'guest') return { kind: 'guest', cartToken };
      return refuse(ctx, 'log in first');
    }
    const claims = tokens.verify(BEARER.exec(authorization)?.[1] ?? '');
    const authority = claims === null ? null : await checkSession({ sessions, query }, claims);
    if (claims === null || authority === null) return refuse(ctx, 'the access token is not valid');
    ctx.state['userId'] = claims.userId;
    const { tier, vendorId, roles } = authority;
    const [permissions, shopPermissions] = [new Set(authority.permissions), new Set(authority.shopPermissions)];
    const caller: Caller = { kind: 'user', ...claims, tier, vendorId, roles, permissions, shopPermissions, cartToken };
    if (typeof access === 'object') assertAdmitted(caller, access.permission);
    return caller;
  };
}

function refuse(ctx: Context, message: string): never {
  ctx.set('WWW-Authenticate', 'Bearer');
  throw new DomainError('unauthenticated', message);
}

function readCartToken(ctx: Context): string | null {
  const token = ctx.get('X-Cart-Token');
  if (token === '') return null;
  if (!CART_TOKEN.test(token)) throw new DomainError('bad_request', 'X-Cart-Token is not a token that a cart returned');
  return token;
}
