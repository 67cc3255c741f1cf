import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import pg from 'pg';
import type { Config } from '../../src/config.js';
import { createTemporalClient, createTemporalConnection } from '../../src/infra/temporal/connection.js';
import type { Shop } from './shop.js';

const ID = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g;
/** Enough to see what went wrong; more are more of the same. */
const MOST_IDS = 40;
const MOST_ROWS = 20;

/**
 * Keeps all that tells how something broke in a folder: what, the rows and histories of the flows that name its ids, all logs.
 * What cannot be had is left out.
 */
export async function keepEvidence(out: string, shop: Shop, config: Config, broken: unknown): Promise<string> {
  const folder = join(out, 'breaches');
  mkdirSync(folder, { recursive: true });
  const text = JSON.stringify(broken, null, 2);
  writeFileSync(join(folder, 'broken.json'), `${text}\n`);
  const logs = join(shop.folder, 'logs');
  if (existsSync(logs))
    cpSync(logs, join(folder, 'logs'), { recursive: true, filter: (file) => !file.endsWith('.previous.log') });
  const ids = [...new Set(text.match(ID) ?? [])].slice(0, MOST_IDS);
  if (ids.length === 0) return folder;
  const quietly = (work: Promise<void>): Promise<void> =>
    work.catch((error: Error) => writeFileSync(join(folder, 'left-out.txt'), `${error.message}\n`, { flag: 'a' }));
  await quietly(keepRows(join(folder, 'rows.json'), config.database.url, ids));
  await quietly(keepHistories(join(folder, 'histories'), config.temporal, ids));
  return folder;
}

/** All rows that name one of the ids, by table. */
async function keepRows(file: string, connectionString: string, ids: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString, application_name: 'perdure-chaos' });
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      "select quote_ident(tablename) as name from pg_tables where schemaname = 'public' order by tablename",
    );
    const kept: Record<string, Record<string, unknown[]>> = {};
    for (const id of ids)
      for (const { name } of tables) {
        const { rows } = await client.query<{ row: unknown }>(
          `select to_jsonb(t) as row from ${name} t where t::text like $1 limit ${MOST_ROWS}`,
          [`%${id}%`],
        );
        if (rows.length > 0) (kept[id] ??= {})[name] = rows.map(({ row }) => row);
      }
    writeFileSync(file, `${JSON.stringify(kept, null, 2)}\n`);
  } finally {
    await client.end();
  }
}

async function keepHistories(folder: string, temporal: Config['temporal'], ids: readonly string[]): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const connection = createTemporalConnection(temporal);
  try {
    const client = createTemporalClient(connection, temporal);
    for await (const { workflowId, runId } of client.workflow.list()) {
      if (!ids.some((id) => workflowId.includes(id))) continue;
      const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
      writeFileSync(join(folder, `${workflowId}-${runId}.json`), historyToJSON(history));
    }
  } finally {
    await connection.close();
  }
}
