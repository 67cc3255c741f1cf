import { once } from 'node:events';
import type { Config } from '../config.js';
import { findOpenImports } from '../domain/catalogue/index.js';
import type { Query, Transact } from '../domain/kernel/transact.js';
import { findUntoldAlerts } from '../domain/notifications/index.js';
import { isNoted, noteRestore } from '../domain/restores/index.js';
import { findUnmailed } from '../domain/users/index.js';
import { createOrm } from '../infra/db/orm.js';
import { createQuery, createTransact } from '../infra/db/transact.js';
import { createElasticsearchIndex } from '../infra/elasticsearch/search-index.js';
import { createLog } from '../infra/log/json-log.js';
import { connectRedis } from '../infra/redis/client.js';
import { forgetAll } from '../infra/redis/forget-all.js';
import { createTemporalClient, createTemporalConnection } from '../infra/temporal/connection.js';
import { createFlows } from '../infra/temporal/flows.js';
import { ensureSchedules, ensureSearchAttributes, triggerSchedules } from '../infra/temporal/namespace.js';
import {
  catalogueImportWorkflowId,
  confirmEmailWorkflowId,
  lowStockWorkflowId,
  passwordResetWorkflowId,
  type Flows,
} from '../workflows/contracts.js';

/** All open carts of a large shop take a while. */
const STATEMENT_MS = 10 * 60_000;

/**
 * Takes up with an empty Temporal what PostgreSQL says is under way. What the sweeps look for they find themselves and are
 * only sent at once; the rest is started by its id, so that a repeat does no harm. Answers what was done, a line each.
 * @throws Error when the database is not ready, or went back and Temporal still has flows of what it forgot
 */
export async function takeUp(
  config: Pick<Config, 'database' | 'redis' | 'elasticsearch' | 'temporal'>,
  { databaseWentBack }: { readonly databaseWentBack: boolean },
): Promise<string[]> {
  const { namespace, taskQueue } = config.temporal;
  const orm = createOrm({
    url: config.database.url,
    poolMax: 2,
    applicationName: 'perdure-restore',
    statementTimeoutMs: STATEMENT_MS,
  });
  const [query, transact] = [createQuery(orm), createTransact(orm)];
  const connection = createTemporalConnection(config.temporal);
  const client = createTemporalClient(connection, config.temporal);
  try {
    await assertReady(query);
    const lines: string[] = [];
    if (databaseWentBack) {
      if (!(await query((em) => isNoted(em)))) {
        const { count } = await client.workflow.count(`TaskQueue = '${taskQueue}'`);
        if (count > 0)
          throw new Error(
            `Temporal’s namespace ${namespace} has ${count} flows of task queue ${taskQueue}: they know what the database forgot. ` +
              'Name an empty one in TEMPORAL_NAMESPACE',
          );
      }
      lines.push(await forget(config, transact));
    }
    await ensureSearchAttributes(client, namespace);
    await ensureSchedules(client, taskQueue);
    lines.push(await startFlows(query, createFlows({ client, taskQueue })));
    await triggerSchedules(client, taskQueue);
    return [...lines, 'sweep, reconciliation and the search index are taken up by the first worker'];
  } finally {
    await connection.close();
    await orm.close(true);
  }
}

async function assertReady(query: Query): Promise<void> {
  const [row] = await query((em) =>
    em.execute<{ recovering: boolean; migrated: boolean }[]>(
      `select pg_is_in_recovery() as recovering, to_regclass('restores') is not null as migrated`,
    ),
  );
  if (row?.recovering !== false) throw new Error('the database still recovers');
  if (!row.migrated) throw new Error('the database is of an older version: migrate it first');
}

/** What is of the time that the database does not know. */
async function forget(
  { redis: { url, prefix }, elasticsearch }: Pick<Config, 'redis' | 'elasticsearch'>,
  transact: Transact,
): Promise<string> {
  const redis = connectRedis({ url, log: createLog({ service: 'restore', level: 'silent' }) });
  try {
    if (redis.status !== 'ready') await once(redis, 'ready', { signal: AbortSignal.timeout(5_000) });
    await forgetAll({ redis, prefix });
  } finally {
    redis.disconnect();
  }
  if (elasticsearch !== null) {
    const index = createElasticsearchIndex(elasticsearch);
    try {
      // Its documents are newer than the products, and would stay.
      await index.drop();
    } finally {
      await index.close();
    }
  }
  const restore = await transact((em) => noteRestore(em));
  return restore === null
    ? 'the restore was written down before'
    : `what the shop did after ${restore.lostSince} is lost; ${restore.sessions} sessions ended, ${restore.carts} carts got another checkout`;
}

/** Flows that no sweep looks for. */
async function startFlows(query: Query, flows: Flows): Promise<string> {
  const { resets, confirmations } = await query((em) => findUnmailed(em));
  const alerts = await query((em) => findUntoldAlerts(em));
  const imports = await query((em) => findOpenImports(em));
  for (const requestId of resets) await flows.start('passwordReset', passwordResetWorkflowId(requestId), { requestId });
  for (const confirmationId of confirmations)
    await flows.start('confirmEmail', confirmEmailWorkflowId(confirmationId), { confirmationId });
  for (const alertId of alerts) await flows.start('lowStock', lowStockWorkflowId(alertId), { alertId });
  for (const importId of imports)
    await flows.start('catalogueImport', catalogueImportWorkflowId(importId), { importId });
  return `taken up: ${resets.length} password resets, ${confirmations.length} confirmations of addresses, ${alerts.length} stock alerts, ${imports.length} imports`;
}
