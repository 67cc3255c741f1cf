/**
 * Saves a history of every ending for this version, from real runs; those of versions before stay as they are. With services
 * of a test profile up (`node dev/run.js services --profile test-histories`), after sourcing their `env`:
 *
 *     node --import tsx tests/replay/save-histories.ts [name of an ending]...
 */
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { migrate } from '../../src/infra/db/migrate.js';
import { openFlowWorld } from '../support/flow-world.js';
import { savedHistory } from '../support/saved-history.js';
import { serviceUrl } from '../support/services.js';
import { ENDINGS, LONG_ENDINGS } from './endings.js';

/** Short enough to wait for. Milliseconds. */
const RESERVATION = 4_000;
/** How much time passes at once where it is skipped. Milliseconds. */
const LONG_STEP = 600_000;

const at = (path: string): URL => new URL(path, import.meta.url);
const { version } = JSON.parse(await readFile(at('../../package.json'), 'utf8')) as { version: string };
const folder = at(`histories/${version}/`).pathname;
const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(ENDINGS);

// A database that worlds copy, as `npm test` makes one.
const template = `histories_${process.pid}`;
const server = new pg.Client({ connectionString: serviceUrl('postgres') });
await server.connect();
await server.query(`create database ${template}`);
const url = new URL(serviceUrl('postgres'));
url.pathname = `/${template}`;
await migrate(url.href);
process.env['TEST_TEMPLATE'] = template;
process.env['TEST_WORKFLOW_BUNDLE'] = join(await mkdtemp(join(tmpdir(), 'histories-')), 'workflow-bundle.js');

async function save(names: readonly string[], server: 'dev' | 'time-skipping'): Promise<void> {
  if (names.length === 0) return;
  const world = await openFlowWorld({ server, reservationMs: RESERVATION });
  try {
    await mkdir(folder, { recursive: true });
    for (const name of names) {
      const reach = ENDINGS[name];
      if (reach === undefined) throw new Error(`no such ending: ${name}`);
      const workflowId = await reach(world);
      await world.ended(workflowId, server === 'dev' ? 0 : LONG_STEP);
      await writeFile(join(folder, `${name}.json`), await savedHistory(world.handle(workflowId)));
      process.stdout.write(`${name}\n`);
      await world.reset();
    }
  } finally {
    await world.close();
  }
}

try {
  await save(
    wanted.filter((name) => !LONG_ENDINGS.has(name)),
    'dev',
  );
  await save(
    wanted.filter((name) => LONG_ENDINGS.has(name)),
    'time-skipping',
  );
} finally {
  await server.query(`drop database ${template} with (force)`);
  await server.end();
}
