/**
 * Imports a catalogue file (NDJSON or CSV, plain or gzip) through its flow and shows how it goes: a bar in a terminal, lines
 * elsewhere.
 *
 *     import <file> [--format ndjson|csv]
 *
 * The file is read by the worker, from the same path. Without --format its name tells. Leaving does not stop it. Exit code: 0 all imported, 2 some lines refused, 1 failed.
 */
import { access, constants } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { loadConfig } from '../config.js';
import {
  IMPORT_FORMATS,
  isClosed,
  listRefusals,
  readImport,
  requestImport,
  type ImportFormat,
  type ImportRecord,
} from '../domain/catalogue/index.js';
import { newId } from '../domain/kernel/ids.js';
import type { Query } from '../domain/kernel/transact.js';
import { createOrm } from '../infra/db/orm.js';
import { createQuery, createTransact } from '../infra/db/transact.js';
import { createTemporalClient, createTemporalConnection } from '../infra/temporal/connection.js';
import { createFlows } from '../infra/temporal/flows.js';
import { catalogueImportWorkflowId, type Flows } from '../workflows/contracts.js';
import { asBar, inWords } from './import-line.js';

const LOOK_EVERY_MS = 500;
const ASK_FLOW_EVERY = 10;
const REFUSALS_A_PAGE = 500;

const config = loadConfig();
const { values, positionals } = parseArgs({ allowPositionals: true, options: { format: { type: 'string' } } });
const [file] = positionals;
if (file === undefined) throw new Error('usage: import <file> [--format ndjson|csv]');
const format = chooseFormat(file, values.format);
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
  await createTransact(orm)((em) => requestImport(em, { importId, source, format, startedBy: null }));
  console.log(`import ${importId} of ${source}`);
  const end = await watch(query, flows, importId);
  await printRefusals(query, importId);
  if (end.failure !== null) console.log(`failed: ${end.failure}`);
  process.exitCode = end.status !== 'completed' ? 1 : end.refused > 0 ? 2 : 0;
} finally {
  await temporal.close();
  await orm.close(true);
}

function chooseFormat(path: string, said: string | undefined): ImportFormat {
  if (said === undefined) return /\.csv(\.gz)?$/i.test(path) ? 'csv' : 'ndjson';
  const known = IMPORT_FORMATS.find((each) => each === said);
  if (known === undefined) throw new Error(`--format must be one of ${IMPORT_FORMATS.join(', ')}`);
  return known;
}

/** Until the import ends, or its flow was terminated from outside. */
async function watch(read: Query, running: Flows, importId: string): Promise<ImportRecord> {
  const show = process.stdout.isTTY ? redrawn() : printed();
  for (let looks = 1; ; looks += 1) {
    const asked = looks % ASK_FLOW_EVERY === 0 ? await running.state(catalogueImportWorkflowId(importId)) : 'running';
    const record = await read((em) => readImport(em, importId));
    const ended = isClosed(record.status);
    show(record, ended);
    if (ended) return record;
    if (asked === 'closed' || asked === 'stopped') return { ...record, failure: 'its flow was ended from outside' };
    await sleep(LOOK_EVERY_MS);
  }
}

/** One line that changes in place. */
const redrawn =
  () =>
  (record: ImportRecord, ended: boolean): void => {
    process.stdout.write(`\r\x1b[2K${asBar(record, process.stdout.columns)}${ended ? '\n' : ''}`);
  };

/** A line for each change. */
function printed(): (record: ImportRecord) => void {
  let shown = '';
  return (record) => {
    const line = inWords(record);
    if (line !== shown) console.log(line);
    shown = line;
  };
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
