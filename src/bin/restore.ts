/**
 * Brings a shop back. API and workers are down meanwhile; docs/runbook.md has the steps in order.
 *
 *     restore base <back-up> --into <data folder> [--wal <archive>] [--until <time>]
 *                       unpacks a base back-up for a server to recover from; without --until to the archive's end
 *     restore dump <file>
 *                       puts a dump into the empty database of DATABASE_URL
 *     restore finish    after either, with an empty Temporal and before the first worker: takes up what was under way
 *     restore flows     the same where only Temporal lost its data
 */
import { parseArgs } from 'node:util';
import { loadConfig, loadProgramsConfig } from '../config.js';
import { loadDump } from '../infra/postgres-programs/back-ups.js';
import { layDataFolder } from '../infra/postgres-programs/data-folder.js';
import { takeUp } from './take-up.js';

const USAGE =
  'usage: restore base <back-up> --into <folder> [--wal <folder>] [--until <time>] | dump <file> | finish | flows';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { into: { type: 'string' }, wal: { type: 'string' }, until: { type: 'string' } },
});
const [what, from, ...rest] = positionals;

try {
  if (what === 'base' && from !== undefined && values.into !== undefined && rest.length === 0) {
    layDataFolder({ from, into: values.into, wal: values.wal ?? null, until: timeOf(values.until) });
    console.log(`${values.into} is ready: a server that is started on it recovers first`);
  } else if (what === 'dump' && from !== undefined && rest.length === 0) {
    await loadDump(loadProgramsConfig(), from);
    console.log(`${from} is in the database`);
  } else if ((what === 'finish' || what === 'flows') && from === undefined) {
    for (const line of await takeUp(loadConfig(), { databaseWentBack: what === 'finish' })) console.log(line);
  } else {
    console.error(USAGE);
    process.exitCode = 2;
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

/** Without a zone nobody knows whose noon it is. */
function timeOf(text: string | undefined): Date | null {
  if (text === undefined) return null;
  const time = new Date(text);
  if (Number.isNaN(time.getTime()) || !/(Z|[+-]\d\d:?\d\d)$/.test(text))
    throw new Error('--until takes a time with its zone, such as 2026-11-21T14:30:00Z');
  return time;
}
