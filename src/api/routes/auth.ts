import { z } from 'zod';
import type { Config } from '../../config.js';
import { mergeCarts } from '../../domain/cart/index.js';
import type { Cipher } from '../../domain/kernel/cipher.js';
import { DomainError, notFound } from '../../domain/kernel/errors.js';
import { isId, newId } from '../../domain/kernel/ids.js';
import { decodeCursor, page } from '../../domain/kernel/page.js';
import type { Query, Transact } from '../../domain/kernel/transact.js';
import {
  assertPasswordAcceptable,
  assertUser,
  checkPassword,
  endSession,
  findCredentials,
  listSessions,
  logIn,
  readAccount,
  REFRESH_LIFETIME_MS,
  refreshSession,
  registerUser,
  type AccessTokens,
  type Account,
  type PasswordHasher,
  type SecretTokens,
  type SessionCache,
  type SessionSummary,
} from '../../domain/users/index.js';
import type { Flows } from '../../workflows/contracts.js';
import { endpoint, type Endpoint, type Reply } from '../endpoint.js';
import type { LimitGuesses } from '../limit-guesses.js';
import { addressOf } from '../middleware/address.js';
import { pageInput } from '../openapi/schemas.js';
import { createMailedTokenRoutes, NewPassword } from './mailed-tokens.js';
import { createRefreshCookie } from './refresh-cookie.js';
import { Email, PersonName, Phone, presentUser, Username, UserView } from './users.js';

export interface AuthRouteDeps {
  readonly config: Pick<Config, 'environment'>;
  readonly transact: Transact;
  readonly query: Query;
  readonly cipher: Cipher;
  readonly passwords: PasswordHasher;
  readonly accessTokens: AccessTokens;
  readonly secretTokens: SecretTokens;
  readonly sessionCache: SessionCache;
  readonly flows: Flows;
  readonly limitGuesses: LimitGuesses;
}

const Delivery = z.enum(['cookie', 'body']).default('cookie');

const RegisterBody = z.strictObject({
  email: Email,
  username: Username,
  password: NewPassword,
  first_name: PersonName.optional(),
  last_name: PersonName.optional(),
  phone: Phone.optional(),
});
const LoginBody = z.strictObject({
  email: Email,
  password: z.string().min(1).max(1_024),
  token_delivery: Delivery.describe('`body` for clients that keep no cookies'),
});
const RefreshBody = z.strictObject({
  refresh_token: z.string().max(200).optional().describe('Where the cookie does not carry it'),
  token_delivery: Delivery,
});

const TokenView = z.strictObject({
  access_token: z.string(),
  token_type: z.literal('Bearer'),
  expires_in: z.number().int().describe('Seconds'),
  refresh_token: z.string().optional(),
});
const LoginView = TokenView.extend({ user: UserView });

const SessionView = z.strictObject({
  id: z.uuid(),
  user_agent: z.string(),
  current: z.boolean(),
  created_at: z.iso.datetime(),
  last_used_at: z.iso.datetime(),
  expires_at: z.iso.datetime(),
});
const presentSession = (session: SessionSummary, currentId: string): z.input<typeof SessionView> => ({
  id: session.id,
  user_agent: session.userAgent,
  current: session.id === currentId,
  created_at: session.createdAt,
  last_used_at: session.lastUsedAt,
  expires_at: session.expiresAt,
});

export function createAuthRoutes(deps: AuthRouteDeps): Endpoint[] {
  const {
    config,
    transact,
    query,
    cipher,
    passwords,
    accessTokens,
    secretTokens: tokens,
    sessionCache,
    limitGuesses,
  } = deps;
  const cookie = createRefreshCookie({ secure: config.environment === 'production' });

  async function account(userId: string): Promise<Account> {
    const found = await query((em) => readAccount(em, cipher, userId));
    if (found === null) throw notFound('user');
    return found;
  }

  function hand(
    session: { readonly sessionId: string; readonly userId: string; readonly refreshToken: string },
    delivery: z.output<typeof Delivery>,
  ): { tokens: z.input<typeof TokenView>; headers: Record<string, string> } {
    const access = {
      access_token: accessTokens.issue(session),
      token_type: 'Bearer',
      expires_in: accessTokens.lifetimeMs / 1_000,
    } as const;
    const headers = { 'Cache-Control': 'no-store' };
    return delivery === 'body'
      ? { tokens: { ...access, refresh_token: session.refreshToken }, headers }
      : { tokens: access, headers: { ...headers, ...cookie.keep(session.refreshToken, REFRESH_LIFETIME_MS) } };
  }

  async function end(userId: string, sessionId: string, requestId: string): Promise<void> {
    await transact((em) => endSession(em, { userId, sessionId, requestId }));
    await sessionCache.forget([sessionId]);
  }

  return [
    endpoint({
      method: 'post',
      path: '/auth/register',
      operationId: 'register',
      summary: 'Open an account; a mail asks to confirm the address',
      tag: 'auth',
      access: 'open',
      body: RegisterBody,
      responses: { 201: UserView },
      refuses: ['email_taken', 'username_taken'],
      async handle({ body, requestId, ctx }) {
        assertPasswordAcceptable(body.password, body);
        const mail = await limitGuesses('mail', body.email, addressOf(ctx));
        const id = newId();
        const user = {
          id,
          email: body.email,
          username: body.username,
          passwordHash: await passwords.hash(body.password),
          firstName: body.first_name ?? null,
          lastName: body.last_name ?? null,
          phone: body.phone ?? null,
          roles: ['customer'],
          requestId,
        } as const;
        await transact((em) => registerUser({ em, cipher }, user)).catch(async (error: unknown) => {
          if (error instanceof DomainError && error.code === 'username_taken') await mail.right();
          throw error;
        });
        return { status: 201, body: presentUser(await account(id)) };
      },
    }),
    endpoint({
      method: 'post',
      path: '/auth/login',
      operationId: 'login',
      summary: 'Open a session',
      tag: 'auth',
      access: 'open',
      body: LoginBody,
      responses: { 200: LoginView },
      refuses: ['bad_credentials'],
      async handle({ body, caller, ctx, requestId }) {
        const guess = await limitGuesses('password', body.email, addressOf(ctx));
        const found = await query((em) => findCredentials(em, body.email));
        const checked = await checkPassword(passwords, found, body.password);
        await guess.right();
        const session = { id: newId(), userAgent: ctx.get('User-Agent'), requestId };
        const refreshToken = await transact((em) => logIn({ em, tokens }, checked, session));
        const { cartToken } = caller;
        if (cartToken !== null) await transact((em) => mergeCarts(em, { userId: checked.id, cartToken }));
        const given = hand({ sessionId: session.id, userId: checked.id, refreshToken }, body.token_delivery);
        return {
          status: 200,
          body: { ...given.tokens, user: presentUser(await account(checked.id)) },
          headers: given.headers,
        };
      },
    }),
    endpoint({
      method: 'post',
      path: '/auth/refresh',
      operationId: 'refresh',
      summary: 'Exchange the refresh token; one that was exchanged before ends its session, but for 10 s of grace',
      tag: 'auth',
      access: 'open',
      body: RefreshBody,
      responses: { 200: TokenView },
      refuses: ['unauthenticated'],
      async handle({ body, ctx }): Promise<Reply> {
        const refreshToken = body.refresh_token ?? cookie.read(ctx) ?? '';
        const outcome = await transact((em) => refreshSession({ em, tokens }, refreshToken));
        if (outcome.kind === 'reused') await sessionCache.forget([outcome.sessionId]);
        if (outcome.kind !== 'refreshed')
          throw new DomainError('unauthenticated', 'the refresh token is not valid; log in again');
        const given = hand(outcome, body.token_delivery);
        return { status: 200, body: given.tokens, headers: given.headers };
      },
    }),
    endpoint({
      method: 'post',
      path: '/auth/logout',
      operationId: 'logout',
      summary: 'End the session of the access token',
      tag: 'auth',
      access: 'customer',
      responses: { 204: null },
      async handle({ caller, requestId }) {
        assertUser(caller);
        await end(caller.userId, caller.sessionId, requestId);
        return { status: 204, headers: cookie.drop() };
      },
    }),
    endpoint({
      method: 'get',
      path: '/auth/sessions',
      operationId: 'listSessions',
      summary: 'Live sessions of who is logged in, newest first',
      tag: 'auth',
      access: 'customer',
      query: z.strictObject(pageInput),
      responses: { 200: z.strictObject({ data: z.array(SessionView), next_cursor: z.string().nullable() }) },
      async handle({ caller, query: { limit, cursor } }) {
        assertUser(caller);
        const [before = null] = cursor === undefined ? [] : decodeCursor(cursor, 1);
        if (before !== null && (typeof before !== 'string' || !isId(before)))
          throw new DomainError('validation_failed', 'the cursor is not one of ours');
        const rows = await query((em) => listSessions(em, caller.userId, { limit: limit + 1, before }));
        const { data, nextCursor } = page(
          rows,
          limit,
          (row) => presentSession(row, caller.sessionId),
          (row) => [row.id],
        );
        return { status: 200, body: { data, next_cursor: nextCursor } };
      },
    }),
    endpoint({
      method: 'delete',
      path: '/auth/sessions/:id',
      operationId: 'endSession',
      summary: 'End one of your sessions',
      tag: 'auth',
      access: 'customer',
      params: z.strictObject({ id: z.uuid() }),
      responses: { 204: null },
      async handle({ caller, params, requestId }) {
        assertUser(caller);
        await end(caller.userId, params.id, requestId);
        return { status: 204 };
      },
    }),
    ...createMailedTokenRoutes(deps),
  ];
}
