import type { EntityManager } from '@mikro-orm/postgresql';
import { DomainError, notFound } from '../kernel/errors.js';
import { prepared } from '../kernel/prepared.js';
import type { Channel, DeliveryStatus, NotificationDetails, PendingMessage } from './types.js';

/** How long one attempt owns a message unless it renews its claim; a killed attempt's message waits as long. */
export const CLAIM_MS = 20_000;

/** Names a message by what was queued, or by its row where that is known. */
export type Notice = { readonly channel: Channel } & (
  | { readonly subjectId: string; readonly event: string; readonly about?: string | null | undefined }
  | { readonly notificationId: string }
);

export type Claim =
  /** This attempt alone may send it, until the claim ends. */
  ({ readonly kind: 'to_send' } & HeldClaim) | { readonly kind: 'settled'; readonly status: DeliveryStatus };

export interface HeldClaim {
  readonly notificationId: string;
  /** Which attempt of the message holds it. */
  readonly number: number;
  readonly details: NotificationDetails;
}

/**
 * Takes a message for sending, so that two attempts at once do not both send it.
 * @throws DomainError `not_found` when it was never queued, `temporarily_unavailable` while another attempt has it
 */
export async function claimNotification(em: EntityManager, notice: Notice, ms = CLAIM_MS): Promise<Claim> {
  const [condition, wanted] =
    'notificationId' in notice
      ? ['id = ? and channel = ?', [notice.notificationId, notice.channel]]
      : [
          'subject_id = ? and event = ? and channel = ? and about is not distinct from ?::uuid and resend_of is null',
          [notice.subjectId, notice.event, notice.channel, notice.about ?? null],
        ];
  const [row] = await em.execute<ClaimedRow[]>(
    prepared(`with wanted as (
       select id, status, details from notifications where ${condition}
     ), claimed as (
       update notifications n
       set attempts = n.attempts + 1, claimed_until = clock_timestamp() + ?::integer * interval '1 millisecond'
       from wanted w
       where n.id = w.id and n.status = 'pending' and (n.claimed_until is null or n.claimed_until <= clock_timestamp())
       returning n.attempts
     )
     select w.id, w.status, w.details, (select attempts from claimed) as number from wanted w`),
    [...wanted, ms],
  );
  if (row === undefined) throw notFound('notification');
  if (row.number !== null) return { kind: 'to_send', notificationId: row.id, number: row.number, details: row.details };
  if (row.status !== 'pending') return { kind: 'settled', status: row.status };
  throw new DomainError('temporarily_unavailable', 'another attempt is sending this message', {
    notificationId: row.id,
  });
}

interface ClaimedRow {
  readonly id: string;
  readonly status: DeliveryStatus | 'pending';
  readonly details: NotificationDetails;
  readonly number: number | null;
}

/** Prolongs a claim from now. @returns false when it has ended: this attempt may not begin to send any more */
export async function renewClaim(em: EntityManager, claim: HeldClaim, ms = CLAIM_MS): Promise<boolean> {
  const rows = await em.execute<unknown[]>(
    `update notifications set claimed_until = clock_timestamp() + ?::integer * interval '1 millisecond'
     where id = ? and attempts = ? and status = 'pending' and claimed_until > clock_timestamp()
     returning id`,
    [ms, claim.notificationId, claim.number],
  );
  return rows.length > 0;
}

/** Gives a message back whose sending surely failed, unless another attempt has it by now. `code` says why and nothing else. */
export async function releaseNotification(em: EntityManager, claim: HeldClaim, code: string): Promise<void> {
  await em.execute(
    `update notifications set claimed_until = null, last_error = ? where id = ? and attempts = ? and status = 'pending'`,
    [code, claim.notificationId, claim.number],
    'run',
  );
}

/** What is still to be told about an order, oldest first. */
export const findPendingMessages = (em: EntityManager, orderId: string): Promise<PendingMessage[]> =>
  em.execute<PendingMessage[]>(
    `select id as "notificationId", event, channel from notifications
     where subject_type = 'order' and subject_id = ? and status = 'pending' order by created_at, id`,
    [orderId],
  );

/** Orders with something to tell that has waited for a while, by id: their flow may be gone. */
export async function findUntoldOrders(
  em: EntityManager,
  { limit, after }: { readonly limit: number; readonly after: string | null },
): Promise<string[]> {
  const rows = await em.execute<{ id: string }[]>(
    `select distinct subject_id as id from notifications
     where subject_type = 'order' and status = 'pending' and created_at < now() - interval '2 minutes'
       and (?::uuid is null or subject_id > ?::uuid)
     order by subject_id limit ?`,
    [after, after, limit],
  );
  return rows.map((row) => row.id);
}

/** Alerts to staff that wait, by id. */
export async function findUntoldAlerts(em: EntityManager): Promise<string[]> {
  const rows = await em.execute<{ id: string }[]>(
    `select distinct subject_id as id from notifications
     where subject_type = 'stock_alert' and status = 'pending' order by subject_id`,
  );
  return rows.map((row) => row.id);
}
