import type { EntityManager } from '@mikro-orm/postgresql';
import type { Query } from '../kernel/transact.js';
import type { MessageLog } from './ports.js';
import { resultOf } from './rows/row-check.js';
import type { CheckResult } from './types.js';

/**
 * Compares what is recorded as sent with what arrived, as far as the log reaches back. A message that arrived twice under its
 * one id is the repeat that the promise allows: counted apart, no breach.
 */
export async function checkMessages(query: Query, log: MessageLog): Promise<CheckResult> {
  const { channel } = log;
  const sent = await query((em) => sentMessages(em, channel));
  const { times, since } = await log.read();
  const kept = since === null ? [] : sent.filter(({ at }) => Date.parse(at) >= since.getTime());
  const repeats = kept.filter(({ id }) => (times.get(id) ?? 0) > 1);
  return resultOf(
    { promise: 'say it once', check: `what was sent by ${channel} arrived` },
    kept.length,
    kept
      .filter(({ id }) => !times.has(id))
      .map(({ id, event }) => ({ what: `${event} never arrived`, ids: { notification: id } })),
    repeats.length === 0 ? undefined : `${repeats.length} repeated under the same id`,
  );
}

const sentMessages = (em: EntityManager, channel: string): Promise<{ id: string; event: string; at: string }[]> =>
  em.execute(`select id, event, sent_at as at from notifications where channel = ? and status = 'sent' order by id`, [
    channel,
  ]);
