import type { EntityManager } from '@mikro-orm/postgresql';
import type { OutboxLag } from './ports.js';
import type { OutboxMessage, OutboxTopic, OutboxTopics } from './types.js';

const TOPICS: Record<OutboxTopic, true> = {
  'user.registered': true,
  'user.email_changed': true,
  'user.confirmation_requested': true,
  'search.products': true,
  'import.accepted': true,
  'order.cancellation_requested': true,
  'order.refund_requested': true,
  'order.notification_queued': true,
  'stock.low': true,
  'stock.back': true,
  'reconciliation.approved': true,
};
/** As an array literal: topics are plain words. */
const KNOWN = `{${Object.keys(TOPICS).join(',')}}`;
const SWEEP_BATCH = 5_000;

/** Writes a message in the transaction of the change that it is about. `key`: the id it is about. No personal data. */
export const publish = <T extends OutboxTopic>(
  em: EntityManager,
  { topic, ...message }: { readonly topic: T; readonly key: string; readonly payload: OutboxTopics[T] },
): Promise<void> => publishAll(em, topic, [message]);

/** The same for many, in one statement. */
export async function publishAll<T extends OutboxTopic>(
  em: EntityManager,
  topic: T,
  messages: readonly { readonly key: string; readonly payload: OutboxTopics[T] }[],
): Promise<void> {
  if (messages.length === 0) return;
  await em.execute(
    `insert into outbox (topic, key, payload)
     select ?, m.key, m.payload from jsonb_to_recordset(?::jsonb) as m (key text, payload jsonb)`,
    [topic, JSON.stringify(messages)],
    'run',
  );
}

/** Topics of a newer version wait for a newer relay. */
export const findWaiting = (em: EntityManager, limit: number): Promise<OutboxMessage[]> =>
  em.execute<OutboxMessage[]>(
    'select id, topic, payload from outbox where published_at is null and topic = any(?::text[]) order by id limit ?',
    [KNOWN, limit],
  );

export async function measureLag(em: EntityManager): Promise<OutboxLag> {
  const [lag] = await em.execute<OutboxLag[]>(
    `select count(*)::int as waiting,
            coalesce(extract(epoch from now() - min(created_at)), 0)::float as "oldestSeconds"
       from outbox where published_at is null`,
  );
  return lag ?? { waiting: 0, oldestSeconds: 0 };
}

export async function markPublished(em: EntityManager, ids: readonly number[]): Promise<void> {
  await em.execute(
    'update outbox set published_at = now() where id = any(?::bigint[]) and published_at is null',
    [`{${ids.join(',')}}`],
    'run',
  );
}

export async function sweepPublished(em: EntityManager): Promise<number> {
  const gone = await em.execute<unknown[]>(
    `delete from outbox where id in (
       select id from outbox where published_at < now() - interval '1 day' limit ? for update skip locked
     ) returning id`,
    [SWEEP_BATCH],
  );
  return gone.length;
}
