import type { EntityManager } from '@mikro-orm/postgresql';
import { writeAudit } from '../audit/index.js';
import type { Cipher, Sealed } from '../kernel/cipher.js';
import { DomainError, notFound } from '../kernel/errors.js';
import { newId } from '../kernel/ids.js';
import { publish } from '../outbox/index.js';
import { mailToken } from './mail-token.js';
import type { SecretTokens } from './ports.js';
import { lockUser } from './store.js';
import type { EmailConfirmationOutcome } from './types.js';

const TOKEN_LIFETIME_MS = 48 * 3_600_000;

/** A later confirmation for the same user. */
const NEWER = `exists (select 1 from email_confirmations n where n.user_id = c.user_id
  and (n.created_at, n.id) > (c.created_at, c.id))`;

/** Why a user is asked to confirm: the topic under which the outbox starts the flow `confirm-email`. */
export type ConfirmationTopic = 'user.registered' | 'user.email_changed' | 'user.confirmation_requested';

/** Writes the request down, and the message that starts its flow. */
export async function askToConfirmEmail(
  { em, cipher }: { readonly em: EntityManager; readonly cipher: Cipher },
  { userId, email, topic }: { readonly userId: string; readonly email: string; readonly topic: ConfirmationTopic },
): Promise<void> {
  const id = newId();
  await em.execute(
    'insert into email_confirmations (id, user_id, email, created_at) values (?, ?, ?, clock_timestamp())',
    [id, userId, cipher.seal(email, emailContext(id))],
    'run',
  );
  await publish(em, { topic, key: id, payload: { confirmationId: id } });
}

export type ConfirmationMail =
  | { readonly kind: 'to_send'; readonly to: string; readonly token: string; readonly expiresAt: string }
  | { readonly kind: 'closed'; readonly outcome: EmailConfirmationOutcome };

interface ConfirmationRow {
  readonly email: Sealed;
  readonly token_hash: string | null;
  readonly expires_at: string | null;
  readonly done: boolean;
  readonly now: string;
  readonly newer: boolean;
}

/** Makes and stores the token before its mail is sent; a repeat answers the same one. */
export async function issueConfirmationToken(
  { em, cipher, tokens }: { readonly em: EntityManager; readonly cipher: Cipher; readonly tokens: SecretTokens },
  confirmationId: string,
): Promise<ConfirmationMail> {
  const [owner] = await em.execute<{ user_id: string }[]>('select user_id from email_confirmations where id = ?', [
    confirmationId,
  ]);
  const user = owner === undefined ? null : await lockUser(em, owner.user_id);
  const [row] = await em.execute<ConfirmationRow[]>(
    `select email, token_hash, expires_at, used_at is not null or sent_at is not null as done, clock_timestamp() as now, ${NEWER} as newer
     from email_confirmations c where id = ? for no key update`,
    [confirmationId],
  );
  if (user === null || row === undefined) throw notFound('e-mail confirmation');
  if (row.done) return { kind: 'closed', outcome: 'sent' };
  if (row.newer || cipher.open(row.email, emailContext(confirmationId)) !== user.email)
    return { kind: 'closed', outcome: 'superseded' };
  const issued = mailToken(tokens, {
    purpose: 'confirm-email',
    requestId: confirmationId,
    stored: { hash: row.token_hash, expiresAt: row.expires_at },
    now: new Date(row.now),
    lifetimeMs: TOKEN_LIFETIME_MS,
  });
  await em.execute(
    'update email_confirmations set token_hash = ?, expires_at = ? where id = ?',
    [issued.hash, issued.expiresAt, confirmationId],
    'run',
  );
  return { kind: 'to_send', to: user.email, token: issued.token, expiresAt: issued.expiresAt };
}

/** Idempotent. */
export async function markConfirmationSent(em: EntityManager, confirmationId: string): Promise<void> {
  await em.execute(
    'update email_confirmations set sent_at = coalesce(sent_at, clock_timestamp()) where id = ?',
    [confirmationId],
    'run',
  );
}

/** @throws DomainError `token_invalid`: used, superseded, expired, made for another address, never ours */
export async function confirmEmail(
  { em, cipher, tokens }: { readonly em: EntityManager; readonly cipher: Cipher; readonly tokens: SecretTokens },
  { token, requestId }: { readonly token: string; readonly requestId: string },
): Promise<void> {
  const refused = new DomainError('token_invalid', 'the token is not valid, or not any more');
  const hash = tokens.hash(token);
  const [row] = await em.execute<{ id: string; user_id: string; email: Sealed }[]>(
    'select id, user_id, email from email_confirmations where token_hash = ?',
    [hash],
  );
  const user = row === undefined ? null : await lockUser(em, row.user_id);
  if (row === undefined || user === null || cipher.open(row.email, emailContext(row.id)) !== user.email) throw refused;
  const used = await em.execute<{ id: string }[]>(
    `update email_confirmations c set used_at = clock_timestamp()
     where id = ? and token_hash = ? and used_at is null and expires_at > clock_timestamp() and not ${NEWER} returning id`,
    [row.id, hash],
  );
  if (used.length === 0) throw refused;
  await em.execute(
    'update users set email_verified_at = now(), version = version + 1, updated_at = now() where id = ?',
    [user.id],
    'run',
  );
  await writeAudit(em, {
    actor: { type: 'user', id: user.id },
    action: 'user.email_confirmed',
    object: { type: 'user', id: user.id },
    data: { confirmationId: row.id },
    requestId,
  });
}

const emailContext = (confirmationId: string): string => `email_confirmations.email:${confirmationId}`;
