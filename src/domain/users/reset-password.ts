import type { EntityManager } from '@mikro-orm/postgresql';
import { writeAudit } from '../audit/index.js';
import type { Cipher, Sealed } from '../kernel/cipher.js';
import { DomainError, notFound } from '../kernel/errors.js';
import { assertPasswordAcceptable } from './identity.js';
import { mailToken } from './mail-token.js';
import type { PasswordHasher, SecretTokens } from './ports.js';
import { revokeSessions } from './sessions.js';
import { emailIndex, findCredentials, lockUser } from './store.js';
import type { PasswordResetOutcome } from './types.js';

export const RESET_TOKEN_LIFETIME_MS = 30 * 60_000;
/** A mail that could not be sent for so long is not wanted any more. */
const REQUEST_HOURS = 24;

/** A later request for the same address, whatever became of it. */
const NEWER = `exists (select 1 from password_resets n where n.email_index = r.email_index
  and (n.created_at, n.id) > (r.created_at, r.id))`;

interface UserDeps {
  readonly em: EntityManager;
  readonly cipher: Cipher;
}

/** Writes the request down without a look at the users, so that its time is the same for every address. */
export async function requestPasswordReset(
  { em, cipher }: UserDeps,
  request: { readonly id: string; readonly email: string },
): Promise<void> {
  await em.execute(
    'insert into password_resets (id, email, email_index) values (?, ?, ?)',
    [request.id, cipher.seal(request.email, emailContext(request.id)), emailIndex(cipher, request.email)],
    'run',
  );
}

/** Finds the user, and ends earlier requests. Idempotent. */
export async function preparePasswordReset(
  { em, cipher }: UserDeps,
  requestId: string,
): Promise<'prepared' | Exclude<PasswordResetOutcome, 'sent'>> {
  const [request] = await em.execute<{ email: Sealed }[]>('select email from password_resets where id = ?', [
    requestId,
  ]);
  if (request === undefined) throw notFound('password reset');
  const user = await findCredentials(em, cipher.open(request.email, emailContext(requestId)));
  const userId = user === null || user.disabled ? null : user.id;
  await em.execute(
    `update password_resets old set status = 'superseded' from password_resets r
     where r.id = ? and old.status in ('requested', 'sent') and (old.created_at, old.id) < (r.created_at, r.id)
       and (old.email_index = r.email_index or old.user_id = ?::uuid)`,
    [requestId, userId],
    'run',
  );
  const [after] = await em.execute<{ status: string }[]>(
    `update password_resets r set user_id = ?::uuid, status = case
       when status <> 'requested' then status
       when ${NEWER} then 'superseded'
       when ?::uuid is null then 'unknown_address'
       else status end
     where id = ? returning status`,
    [userId, userId, requestId],
  );
  switch (after?.status) {
    case 'unknown_address':
    case 'undeliverable':
    case 'superseded':
    case 'expired':
      return after.status;
    default:
      return 'prepared';
  }
}

export type ResetMail =
  | { readonly kind: 'to_send'; readonly to: string; readonly token: string; readonly expiresAt: string }
  | { readonly kind: 'closed'; readonly outcome: PasswordResetOutcome };

/** Makes and stores the token before its mail is sent; a repeat answers the same one. */
export async function issueResetToken(
  { em, cipher, tokens }: UserDeps & { readonly tokens: SecretTokens },
  requestId: string,
): Promise<ResetMail> {
  const [owner] = await em.execute<{ user_id: string | null }[]>('select user_id from password_resets where id = ?', [
    requestId,
  ]);
  if (owner === undefined) throw notFound('password reset');
  const user = owner.user_id === null ? null : await lockUser(em, owner.user_id);
  const [row] = await em.execute<ResetRow[]>(
    `select status, email_index, token_hash, expires_at, clock_timestamp() as now, ${NEWER} as newer,
       created_at < clock_timestamp() - ?::interval as late
     from password_resets r where id = ? for no key update`,
    [`${REQUEST_HOURS} hours`, requestId],
  );
  if (row === undefined) throw notFound('password reset');
  if (row.status !== 'requested') return { kind: 'closed', outcome: row.status === 'used' ? 'sent' : row.status };
  const close = async (outcome: Exclude<PasswordResetOutcome, 'sent'>): Promise<ResetMail> => {
    await em.execute('update password_resets set status = ? where id = ?', [outcome, requestId], 'run');
    return { kind: 'closed', outcome };
  };
  if (user === null || user.disabled) return close('unknown_address');
  if (row.newer || emailIndex(cipher, user.email) !== row.email_index) return close('superseded');
  if (row.late) return close('expired');
  const issued = mailToken(tokens, {
    purpose: 'password-reset',
    requestId,
    stored: { hash: row.token_hash, expiresAt: row.expires_at },
    now: new Date(row.now),
    lifetimeMs: RESET_TOKEN_LIFETIME_MS,
  });
  await em.execute(
    'update password_resets set token_hash = ?, expires_at = ? where id = ?',
    [issued.hash, issued.expiresAt, requestId],
    'run',
  );
  return { kind: 'to_send', to: user.email, token: issued.token, expiresAt: issued.expiresAt };
}

interface ResetRow {
  readonly status: PasswordResetOutcome | 'requested' | 'used';
  readonly email_index: string;
  readonly token_hash: string | null;
  readonly expires_at: string | null;
  readonly now: string;
  readonly newer: boolean;
  readonly late: boolean;
}

/** Idempotent; leaves a request alone that was used or superseded meanwhile. */
export async function markResetMailed(
  em: EntityManager,
  requestId: string,
  outcome: Extract<PasswordResetOutcome, 'sent' | 'undeliverable'>,
): Promise<void> {
  await em.execute(
    `update password_resets set status = ?, sent_at = case when ? then clock_timestamp() end
     where id = ? and status = 'requested'`,
    [outcome, outcome === 'sent', requestId],
    'run',
  );
}

/** Hashing comes between a look at the token and its use: it is slow, and free for nobody without a live token. */
export async function findResetOwner(
  { em, tokens }: { readonly em: EntityManager; readonly tokens: SecretTokens },
  token: string,
): Promise<{ readonly requestId: string; readonly userId: string; readonly email: string; readonly username: string }> {
  const [row] = await em.execute<{ requestId: string; userId: string; email: string; username: string }[]>(
    `select r.id as "requestId", u.id as "userId", u.email, u.username from password_resets r join users u on u.id = r.user_id
     where r.token_hash = ? and r.status in ('requested', 'sent') and r.expires_at > clock_timestamp()`,
    [tokens.hash(token)],
  );
  if (row === undefined) throw tokenInvalid();
  return row;
}

/** @throws DomainError `token_invalid`, `validation_failed` */
export async function hashNewPassword(
  hasher: PasswordHasher,
  password: string,
  owner: { readonly email: string; readonly username: string },
): Promise<string> {
  assertPasswordAcceptable(password, owner);
  return hasher.hash(password);
}

/**
 * Uses the token, sets the password and ends all sessions; answers their ids. Used, superseded, expired, made for another
 * address, never ours: one answer.
 * @throws DomainError `token_invalid`
 */
export async function resetPassword(
  { em, cipher, tokens }: UserDeps & { readonly tokens: SecretTokens },
  reset: {
    readonly requestId: string;
    readonly userId: string;
    readonly token: string;
    readonly passwordHash: string;
    readonly httpRequestId: string;
  },
): Promise<string[]> {
  const user = await lockUser(em, reset.userId);
  if (user === null || user.disabled) throw tokenInvalid();
  const used = await em.execute<{ id: string }[]>(
    `update password_resets r set status = 'used', used_at = clock_timestamp()
     where id = ? and user_id = ? and token_hash = ? and email_index = ? and status in ('requested', 'sent')
       and expires_at > clock_timestamp() and not ${NEWER}
     returning id`,
    [reset.requestId, user.id, tokens.hash(reset.token), emailIndex(cipher, user.email)],
  );
  if (used.length === 0) throw tokenInvalid();
  await em.execute(
    'update users set password_hash = ?, version = version + 1, updated_at = now() where id = ?',
    [reset.passwordHash, user.id],
    'run',
  );
  const ended = await revokeSessions(em, { userId: user.id }, 'password_reset');
  await writeAudit(em, {
    actor: { type: 'user', id: user.id },
    action: 'user.password_reset',
    object: { type: 'user', id: user.id },
    data: { requestId: reset.requestId, sessionsEnded: ended.length },
    requestId: reset.httpRequestId,
  });
  return ended;
}

/** Whatever was asked for before the address changed does not count for the new one. */
export async function supersedeResets(em: EntityManager, userId: string): Promise<void> {
  await em.execute(
    `update password_resets set status = 'superseded' where user_id = ? and status in ('requested', 'sent')`,
    [userId],
    'run',
  );
}

const tokenInvalid = (): DomainError => new DomainError('token_invalid', 'the token is not valid, or not any more');
const emailContext = (requestId: string): string => `password_resets.email:${requestId}`;
