import type { EntityManager } from '@mikro-orm/postgresql';
import { writeAudit } from '../audit/index.js';
import { notFound } from '../kernel/errors.js';
import type { SecretTokens } from './ports.js';
import type { SessionSummary } from './types.js';

/** A session ends when nobody refreshed it for so long. */
const IDLE_DAYS = 30;
/** And then, however busy it is. */
const LONGEST_DAYS = 180;
/** How long the last refresh token is answered like before: two tabs at once, an answer that got lost. */
const GRACE_SECONDS = 10;
/** How many refreshes back a token is recognised: ten days of an access token's 15 minutes, and some milliseconds of work. */
const GENERATIONS = 1_000;

export const REFRESH_LIFETIME_MS = IDLE_DAYS * 86_400_000;

export interface SessionDeps {
  readonly em: EntityManager;
  readonly tokens: SecretTokens;
}

/** Begins a session and answers its first refresh token. */
export async function openSession(
  { em, tokens }: SessionDeps,
  session: { readonly id: string; readonly userId: string; readonly userAgent: string; readonly requestId: string },
): Promise<string> {
  const secret = tokens.random();
  await em.execute(
    `insert into sessions (id, user_id, refresh_hash, user_agent, expires_at) values (?, ?, ?, ?, now() + ?::interval)`,
    [session.id, session.userId, tokens.hash(secret), session.userAgent.slice(0, 200), `${IDLE_DAYS} days`],
    'run',
  );
  await writeAudit(em, {
    actor: { type: 'user', id: session.userId },
    action: 'session.opened',
    object: { type: 'session', id: session.id },
    requestId: session.requestId,
  });
  return `${session.id}.${secret}`;
}

export type Refreshed =
  | { readonly kind: 'refreshed'; readonly sessionId: string; readonly userId: string; readonly refreshToken: string }
  /** A token that was exchanged before came again, so somebody has a copy: the session is revoked. */
  | { readonly kind: 'reused'; readonly sessionId: string }
  | { readonly kind: 'refused' };

interface SessionRow {
  readonly user_id: string;
  readonly refresh_hash: string;
  readonly previous_refresh_hash: string | null;
  readonly in_grace: boolean;
}

const REFRESH_TOKEN = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([\w-]{43})$/;

/**
 * Exchanges a refresh token for the next one. The next is derived from the one before, so the same token within the
 * grace gets the same answer. Any other that was one of this session's is a copy of an old one, and ends the session:
 * the one before the current by its hash, older ones by deriving on from them until the current one comes out. What
 * cannot be shown to be ours (made up, older than `GENERATIONS`, from before the server's key changed) is refused and
 * ends nothing, or whoever knows a session's id could.
 */
export async function refreshSession({ em, tokens }: SessionDeps, refreshToken: string): Promise<Refreshed> {
  const [, sessionId, secret] = REFRESH_TOKEN.exec(refreshToken) ?? [];
  if (sessionId === undefined || secret === undefined) return { kind: 'refused' };
  const [row] = await em.execute<SessionRow[]>(
    `select s.user_id, s.refresh_hash, s.previous_refresh_hash,
       coalesce(s.rotated_at > clock_timestamp() - ?::interval, false) as in_grace
     from sessions s join users u on u.id = s.user_id
     where s.id = ? and s.revoked_at is null and s.expires_at > now() and u.disabled_at is null
     for no key update of s`,
    [`${GRACE_SECONDS} seconds`, sessionId],
  );
  if (row === undefined) return { kind: 'refused' };
  const presented = tokens.hash(secret);
  const next = nextSecret(tokens, sessionId, secret);
  const answer: Refreshed = { kind: 'refreshed', sessionId, userId: row.user_id, refreshToken: `${sessionId}.${next}` };
  if (presented === row.refresh_hash) {
    await em.execute(
      `update sessions set refresh_hash = ?, previous_refresh_hash = ?, rotated_at = clock_timestamp(),
         last_used_at = clock_timestamp(), expires_at = least(now() + ?::interval, created_at + ?::interval)
       where id = ?`,
      [tokens.hash(next), presented, `${IDLE_DAYS} days`, `${LONGEST_DAYS} days`, sessionId],
      'run',
    );
    return answer;
  }
  const wasPrevious = presented === row.previous_refresh_hash;
  if (wasPrevious && row.in_grace && tokens.hash(next) === row.refresh_hash) return answer;
  if (!wasPrevious && !leadsTo(tokens, sessionId, next, row.refresh_hash)) return { kind: 'refused' };
  await revokeSessions(em, { sessionId }, 'refresh_reuse');
  await writeAudit(em, {
    actor: { type: 'system' },
    action: 'session.revoked',
    object: { type: 'session', id: sessionId },
    data: { reason: 'refresh_reuse', userId: row.user_id },
  });
  return { kind: 'reused', sessionId };
}

const nextSecret = (tokens: SecretTokens, sessionId: string, secret: string): string =>
  tokens.derive('refresh', `${sessionId}.${secret}`);

/** Whether so many exchanges or fewer lead from this secret to the one with this hash. */
function leadsTo(tokens: SecretTokens, sessionId: string, secret: string, refreshHash: string): boolean {
  let descendant = secret;
  for (let generation = 0; generation < GENERATIONS; generation += 1) {
    if (tokens.hash(descendant) === refreshHash) return true;
    descendant = nextSecret(tokens, sessionId, descendant);
  }
  return false;
}

/** Ends a user's live sessions, or one; answers the ids that ended. The caller makes the cache forget them after its commit. */
export async function revokeSessions(
  em: EntityManager,
  which: { readonly userId: string } | { readonly sessionId: string },
  reason: string,
): Promise<string[]> {
  const [column, id] = 'userId' in which ? ['user_id', which.userId] : ['id', which.sessionId];
  const rows = await em.execute<{ id: string }[]>(
    `update sessions set revoked_at = now(), revoked_reason = ? where ${column} = ? and revoked_at is null returning id`,
    [reason, id],
  );
  return rows.map((row) => row.id);
}

/** Ends every session; answers how many. */
export async function endAllSessions(em: EntityManager, reason: string): Promise<number> {
  const [ended] = await em.execute<{ count: number }[]>(
    `with ended as (
       update sessions set revoked_at = now(), revoked_reason = ?
       where revoked_at is null and expires_at > now() returning 1
     )
     select count(*)::integer as count from ended`,
    [reason],
  );
  return ended?.count ?? 0;
}

/** @throws DomainError `not_found` unless the session is a live one of this user */
export async function endSession(
  em: EntityManager,
  { userId, sessionId, requestId }: { readonly userId: string; readonly sessionId: string; readonly requestId: string },
): Promise<void> {
  const [ended] = await em.execute<{ id: string }[]>(
    `update sessions set revoked_at = now(), revoked_reason = 'ended_by_user'
     where id = ? and user_id = ? and revoked_at is null and expires_at > now() returning id`,
    [sessionId, userId],
  );
  if (ended === undefined) throw notFound('session');
  await writeAudit(em, {
    actor: { type: 'user', id: userId },
    action: 'session.revoked',
    object: { type: 'session', id: sessionId },
    data: { reason: 'ended_by_user' },
    requestId,
  });
}

/** Live sessions, newest first; `before` is the last id of the page before. */
export async function listSessions(
  em: EntityManager,
  userId: string,
  { limit, before }: { readonly limit: number; readonly before: string | null },
): Promise<SessionSummary[]> {
  return em.execute<SessionSummary[]>(
    `select id, user_agent as "userAgent", created_at as "createdAt", last_used_at as "lastUsedAt", expires_at as "expiresAt"
     from sessions
     where user_id = ? and revoked_at is null and expires_at > now() and (?::uuid is null or id < ?::uuid)
     order by id desc limit ?`,
    [userId, before, before, limit],
  );
}
