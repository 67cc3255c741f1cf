/**
 * Imports a catalogue file (NDJSON, plain or gzip) through its flow and shows how it goes:
 *
 *     import <file>
 *
 * Leaving does not stop it. Exit code: 0 all imported, 2 some lines refused, 1 failed.
 */
import { access, constants } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { loadConfig, type Config } from '../config.js';
import { findImport, isClosed, listRefusals, requestImport, type ImportProgress } from '../domain/catalogue/index.js';
import { newId } from '../domain/kernel/ids.js';
import type { Query } from '../domain/kernel/transact.js';
import { createOrm } from '../infra/db/orm.js';
import { createQuery, createTransact } from '../infra/db/transact.js';
import { catalogueImportWorkflowId, type CatalogueImportInput } from '../workflows/contracts.js';

const LOOK_EVERY_MS = 500;
const REFUSALS_A_PAGE = 500;

const config = loadConfig();
const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('usage: import <file>');
const source = resolve(file);
await access(source, constants.R_OK);

const orm = createOrm({ url: config.database.url, poolMax: 2, applicationName: 'perdure-import' });
const query = createQuery(orm);
try {
  const importId = newId();
  await createTransact(orm)((em) => requestImport(em, { importId, source, startedBy: null }));
  await startFlow(config.temporal, importId);
  console.log(`import ${importId} of ${source}`);
  const end = await watch(query, importId);
  await printRefusals(query, importId);
  if (end.failure !== null) console.log(`failed: ${end.failure}`);
  process.exitCode = end.status !== 'completed' ? 1 : end.refused > 0 ? 2 : 0;
} finally {
  await orm.close(true);
}

async function startFlow(temporal: Config['temporal'], importId: string): Promise<void> {
  const connection = await Connection.connect({ address: temporal.address });
  try {
    const client = new Client({ connection, namespace: temporal.namespace });
    await client.workflow.start('catalogueImport', {
      taskQueue: temporal.taskQueue,
      workflowId: catalogueImportWorkflowId(importId),
      args: [{ importId } satisfies CatalogueImportInput],
      staticSummary: `Import ${importId}`,
    });
  } finally {
    await connection.close();
  }
}

async function watch(read: Query, importId: string): Promise<ImportProgress> {
  let shown = '';
  for (;;) {
    const progress = await read((em) => findImport(em, importId));
    const line = inWords(progress);
    if (line !== shown) console.log(line);
    if (isClosed(progress.status)) return progress;
    shown = line;
    await sleep(LOOK_EVERY_MS);
  }
}

async function printRefusals(read: Query, importId: string): Promise<void> {
  let after = { line: 0, field: '' };
  for (;;) {
    const refusals = await read((em) => listRefusals(em, importId, after, REFUSALS_A_PAGE));
    for (const { line, field, reason } of refusals) console.log(`refused: line ${line}: ${field}: ${reason}`);
    const last = refusals.at(-1);
    if (last === undefined || refusals.length < REFUSALS_A_PAGE) return;
    after = last;
  }
}

function inWords({ status, linesRead, created, updated, unchanged, refused }: ImportProgress): string {
  if (status === 'accepted') return 'accepted, waiting for a worker';
  return `${status}: ${linesRead} lines, ${created} created, ${updated} updated, ${unchanged} unchanged, ${refused} refused`;
}
