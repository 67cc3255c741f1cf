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
import { loadConfig } from '../config.js';
import { findImport, isClosed, listRefusals, requestImport, type ImportProgress } from '../domain/catalogue/index.js';
import { newId } from '../domain/kernel/ids.js';
import type { Query } from '../domain/kernel/transact.js';
import { createOrm } from '../infra/db/orm.js';
import { createQuery, createTransact } from '../infra/db/transact.js';
import { createTemporalClient, createTemporalConnection } from '../infra/temporal/connection.js';
import { createFlows } from '../infra/temporal/flows.js';
import { catalogueImportWorkflowId, type Flows } from '../workflows/contracts.js';

const LOOK_EVERY_MS = 500;
const ASK_FLOW_EVERY = 10;
const REFUSALS_A_PAGE = 500;

const config = loadConfig();
const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('usage: import <file>');
const source = resolve(file);
await access(source, constants.R_OK);

const orm = createOrm({ url: config.database.url, poolMax: 2, applicationName: 'perdure-import' });
const query = createQuery(orm);
const temporal = createTemporalConnection(config.temporal);
const flows = createFlows({
  client: createTemporalClient(temporal, config.temporal),
  taskQueue: config.temporal.taskQueue,
});
try {
  const importId = newId();
  await createTransact(orm)((em) => requestImport(em, { importId, source, startedBy: null }));
  await flows.start('catalogueImport', catalogueImportWorkflowId(importId), { importId });
  console.log(`import ${importId} of ${source}`);
  const end = await watch(query, flows, importId);
  await printRefusals(query, importId);
  if (end.failure !== null) console.log(`failed: ${end.failure}`);
  process.exitCode = end.status !== 'completed' ? 1 : end.refused > 0 ? 2 : 0;
} finally {
  await temporal.close();
  await orm.close(true);
}

/** Until the import ends, or its flow was terminated from outside. */
async function watch(read: Query, running: Flows, importId: string): Promise<ImportProgress> {
  let shown = '';
  for (let looks = 1; ; looks += 1) {
    const asked = looks % ASK_FLOW_EVERY === 0 ? await running.state(catalogueImportWorkflowId(importId)) : 'running';
    const progress = await read((em) => findImport(em, importId));
    const line = inWords(progress);
    if (line !== shown) console.log(line);
    if (isClosed(progress.status)) return progress;
    if (asked !== 'running') return { ...progress, failure: 'its flow was ended from outside' };
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
