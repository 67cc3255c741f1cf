import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import pg from 'pg';
import { migrate } from '../../src/infra/db/migrate.js';

/** Makes the migrated template that every database of a test run is copied from. Answers its name, the prefix of the run's databases. */
export async function createTemplate(
  serverUrl: string,
  run: string,
  bringUp: (url: string) => Promise<unknown> = migrate,
): Promise<string> {
  const name = `test_${run}`;
  await onServer(serverUrl, (client) => client.query(`create database ${name}`));
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  await bringUp(url.href);
  return name;
}

/** Migrates by another tree's migrations. */
export const migrateIn =
  (folder: string, env: Readonly<Record<string, string>>) =>
  (url: string): Promise<unknown> =>
    promisify(execFile)(process.execPath, ['--import', 'tsx', 'src/bin/migrate.ts'], {
      cwd: folder,
      env: { ...process.env, ...env, DATABASE_URL: url },
    });

/** Drops the template and everything copied from it. */
export async function dropTestDatabases(serverUrl: string, template: string): Promise<void> {
  await onServer(serverUrl, async (client) => {
    const { rows } = await client.query<{ datname: string }>(
      "select datname from pg_database where datname = $1 or starts_with(datname, $1 || '_')",
      [template],
    );
    for (const { datname } of rows) await client.query(`drop database if exists "${datname}" with (force)`);
  });
}

async function onServer(serverUrl: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const url = new URL(serverUrl);
  url.pathname = '/postgres';
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
