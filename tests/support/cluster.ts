import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { freePort } from '../../dev/launcher/ports.js';
import { databaseUrl, initialiseCluster, serverArguments, walArchive } from '../../dev/launcher/services/postgres.js';
import { postgresHome } from '../../dev/launcher/services/postgres-home.js';
import { until } from './until.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const LOWEST_PORT = 26_000;

export interface Server {
  /** Of its database `perdure`. */
  readonly url: string;
  /** SIGKILL: what it has not written is lost. */
  kill(): Promise<void>;
}

/** Clusters of a test's own, in a folder that goes with it: those of all tests archive nothing and are not killed. */
export async function openClusters() {
  const home = await postgresHome({ root: ROOT, subfolder: tmpdir });
  const folder = mkdtempSync(join(home.dataFolder, 'clusters-'));
  home.own(folder);
  const inside = { ...home, dataFolder: folder };
  const password = randomBytes(12).toString('hex');
  const running = new Set<Server>();

  async function start(data: string, archive: string | null): Promise<Server> {
    const port = await freePort(LOWEST_PORT + Number(process.env['JEST_WORKER_ID'] ?? 1) * 100, new Set());
    const child = spawn(join(home.binaries, 'bin', 'postgres'), serverArguments(data, port, { archive }), {
      cwd: folder,
      env: { ...process.env, LC_MESSAGES: 'C' },
      stdio: ['ignore', 'ignore', 'pipe'],
      ...home.user,
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    const url = databaseUrl(port, password);
    const server: Server = {
      url,
      async kill() {
        running.delete(server);
        child.kill('SIGKILL');
        await ended;
      },
    };
    running.add(server);
    const recovered = () =>
      ask<{ recovering: boolean }>(url, 'postgres', 'select pg_is_in_recovery() as recovering').then(
        ([row]) => row?.recovering === false,
        () => false,
      );
    await until('the end of its recovery', recovered, (so) => so).catch((error: Error) => {
      throw new Error(`${error.message}\n${said}`);
    });
    return server;
  }

  return {
    folder,
    /** Where its clusters keep their WAL. */
    archive: walArchive(inside, 'cluster'),
    /** Where a cluster of this name lies. */
    dataOf: (name: string): string => join(folder, name),
    start,

    /** A new cluster, with an empty database `perdure`. */
    async create(name: string, archive: string | null): Promise<Server> {
      const data = join(folder, name);
      if (!existsSync(data)) await initialiseCluster(inside, data, password);
      const server = await start(data, archive);
      await ask(server.url, 'postgres', 'create database perdure');
      return server;
    },

    async close(): Promise<void> {
      await Promise.all([...running].map((server) => server.kill()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** One statement in a database of a server. */
export async function ask<T extends object>(url: string, database: string, sql: string): Promise<T[]> {
  const there = new URL(url);
  there.pathname = `/${database}`;
  const client = new pg.Client({ connectionString: there.href, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}
