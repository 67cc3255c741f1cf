import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config.js';
import { auditPromises, countMoving, type CheckResult } from '../domain/promises/index.js';
import { createOrm } from '../infra/db/orm.js';
import { createQuery } from '../infra/db/transact.js';
import { createLog } from '../infra/log/json-log.js';
import { createInboxLog, createTextLog } from '../infra/message-logs/message-logs.js';
import { createCachedCarts } from '../infra/redis/cart-cache.js';
import { connectRedis } from '../infra/redis/client.js';
import { createTemporalClient, createTemporalConnection } from '../infra/temporal/connection.js';
import { createFlowBook } from '../infra/temporal/flow-book.js';
import { createStatements } from './gateways.js';

export interface InstanceAudit {
  /** Checkouts that moved within so many milliseconds are left out. */
  readonly settledForMs: number;
  /** Waits until nothing moves any more, at most so long, and then looks at everything. */
  readonly waitMs?: number;
}

const LOOK_MS = 250;

/** Checks the five promises on a running instance. @throws when one of its services does not answer */
export async function auditInstance(
  config: Pick<Config, 'database' | 'redis' | 'temporal' | 'stripe' | 'development'>,
  { settledForMs, waitMs = 0 }: InstanceAudit,
): Promise<CheckResult[]> {
  const orm = createOrm({ url: config.database.url, poolMax: 2, applicationName: 'perdure-audit' });
  const redis = connectRedis({ url: config.redis.url, log: createLog({ service: 'audit', level: 'silent' }) });
  const connection = createTemporalConnection(config.temporal);
  try {
    const query = createQuery(orm);
    const { taskQueue } = config.temporal;
    const flows = createFlowBook({ client: createTemporalClient(connection, config.temporal), taskQueue });
    if (redis.status !== 'ready') await once(redis, 'ready', { signal: AbortSignal.timeout(5_000) });
    for (const until = Date.now() + waitMs; Date.now() < until; await sleep(LOOK_MS))
      if ((await countMoving({ query, flows })) === 0) break;
    const { inboxUrl, textLogUrl } = config.development;
    return await auditPromises(
      {
        query,
        flows,
        providers: createStatements(config),
        carts: createCachedCarts({ redis, prefix: config.redis.prefix }),
        messages: [
          ...(inboxUrl === null ? [] : [createInboxLog(inboxUrl)]),
          ...(textLogUrl === null ? [] : [createTextLog(textLogUrl)]),
        ],
      },
      { settledForMs: waitMs > 0 ? 0 : settledForMs },
    );
  } finally {
    redis.disconnect();
    await connection.close();
    await orm.close(true);
  }
}

/** One line a check, and below them what does not hold. */
export function auditLines(results: readonly CheckResult[]): string[] {
  const width = Math.max(...results.map(({ check }) => check.length));
  const line = (promise: string, check: string, looked: string, breached: string, note = ''): string =>
    `${promise.padEnd(12)}  ${check.padEnd(width)}  ${looked.padStart(8)}  ${breached.padStart(8)}  ${note}`.trimEnd();
  const breached = results.filter((result) => result.breached > 0);
  return [
    line('promise', 'check', 'looked at', 'breaches'),
    ...results.map(({ promise, check, looked, breached: count, note }) =>
      line(promise, check, String(looked), count === 0 ? '-' : String(count), note),
    ),
    '',
    ...breached.flatMap(({ promise, check, breached: count, breaches }) => [
      `BREACH of ${promise}: ${check}`,
      ...breaches.map(
        ({ what, ids }) =>
          `  ${what}: ${Object.entries(ids)
            .map((pair) => pair.join(' '))
            .join(', ')}`,
      ),
      ...(count > breaches.length ? [`  and ${count - breaches.length} more`] : []),
    ]),
    breached.length === 0
      ? `All ${results.length} checks hold.`
      : `${breached.length} of ${results.length} checks do not hold.`,
  ];
}
