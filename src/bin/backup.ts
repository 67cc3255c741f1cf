/**
 * Backs the database up, with PostgreSQL's own programs of the server's version on PATH and DATABASE_URL:
 *
 *     backup base <folder>    the whole cluster with the WAL it needs: what a restore to a point in time begins with
 *     backup dump <folder>    the shop's database alone, for another server or version
 *
 * Prints where it is: it has that name only once it is whole. docs/runbook.md says how it is restored.
 */
import { parseArgs } from 'node:util';
import { loadProgramsConfig } from '../config.js';
import { takeBase, takeDump } from '../infra/postgres-programs/back-ups.js';

const KINDS = { base: takeBase, dump: takeDump };

const [kind = '', folder, ...rest] = parseArgs({ allowPositionals: true }).positionals;
const take = Object.entries(KINDS).find(([name]) => name === kind)?.[1];
if (take === undefined || folder === undefined || rest.length > 0) {
  console.error('usage: backup base|dump <folder>');
  process.exit(2);
}
// Whoever reads a back-up reads the shop.
process.umask(0o077);
try {
  const from = Date.now();
  const written = await take({ database: loadProgramsConfig(), folder, now: new Date() });
  console.error(`backed up in ${((Date.now() - from) / 1_000).toFixed(1)} s`);
  console.log(written);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
