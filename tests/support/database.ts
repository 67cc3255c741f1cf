import pg from 'pg';
import { serviceUrl } from './services.js';

const COPY_LOCK = 5_101;

export interface TestDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/** A database of its own, migrated and empty: for a test file that cannot share its worker's. */
export async function freshDatabase(): Promise<TestDatabase> {
  const name = `${runName()}_${process.pid}_${Date.now().toString(36)}_${Math.random().toString(36).slice(2, 8)}`;
  await onServer((client) => copyTemplate(client, name));
  return { url: urlOf(name), drop: () => onServer((client) => dropDatabase(client, name)) };
}

/** The database of this jest worker, made at first use; test files of one worker share it, one after the other. */
export async function workerDatabase(worker: string): Promise<string> {
  const name = `${runName()}_w${worker}`;
  await onServer(async (client) => {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [name]);
    if (rowCount === 0) await copyTemplate(client, name);
  });
  return urlOf(name);
}

async function copyTemplate(client: pg.Client, name: string): Promise<void> {
  // A template can be copied by one session at a time.
  await client.query('select pg_advisory_lock($1)', [COPY_LOCK]);
  try {
    await client.query(`create database ${name} template ${runName()} strategy file_copy`);
  } finally {
    await client.query('select pg_advisory_unlock($1)', [COPY_LOCK]);
  }
}

async function dropDatabase(client: pg.Client, name: string): Promise<void> {
  await client.query(`drop database if exists ${name} with (force)`);
}

async function onServer<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: urlOf('postgres') });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function urlOf(database: string): string {
  const url = new URL(process.env['TEST_SERVER_URL'] ?? serviceUrl('postgres'));
  url.pathname = `/${database}`;
  return url.href;
}

/** The migrated template that `npm test` made for this run; the prefix of all its databases. */
function runName(): string {
  const name = process.env['TEST_TEMPLATE'];
  if (name === undefined) throw new Error('TEST_TEMPLATE is not set: run the tests with npm test');
  return name;
}
