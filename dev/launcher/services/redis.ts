import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { cacheFolder, findOnPath } from '../../bootstrap/folders.js';
import { withLock } from '../../bootstrap/lock.js';
import { startComposed } from '../compose.js';
import type { Found, Service, ServiceContext } from '../service.js';

const run = promisify(execFile);
const PACKAGES = ['redis-server', 'redis-tools', 'libjemalloc2', 'liblua5.1-0', 'liblzf1', 'lua-bitop', 'lua-cjson'];

interface Program {
  readonly path: string;
  readonly from: string;
  readonly env: Readonly<Record<string, string>>;
}

export const redis: Service = {
  name: 'redis',
  variable: 'REDIS_URL',
  advice: 'install Redis 7 or Valkey (redis-server or valkey-server on PATH), or set REDIS_URL',
  ways: {
    async environment({ env }) {
      return describeRedis(env['REDIS_URL'] ?? '', 'REDIS_URL');
    },
    local: startLocal,
    async docker(context) {
      const port = await context.profile.port('redis');
      await startComposed(context, 'redis', { REDIS_PORT: String(port) });
      return describeRedis(`redis://127.0.0.1:${port}`, 'Docker Compose');
    },
  },
};

async function startLocal(context: ServiceContext): Promise<Found> {
  const { profile, supervisor } = context;
  const program = onPath() ?? (await fromDebian(context));
  const port = await profile.port('redis');
  const url = `redis://127.0.0.1:${port}`;
  await supervisor.start({
    name: 'redis',
    command: program.path,
    args: [
      '--bind',
      '127.0.0.1',
      '--port',
      String(port),
      '--dir',
      profile.subfolder('redis'),
      '--save',
      '60',
      '1',
      '--appendonly',
      'no',
    ],
    env: program.env,
    probe: () => ask(url, (client) => client.ping()),
    readyWithinMs: 20_000,
  });
  return describeRedis(url, program.from);
}

function onPath(): Program | undefined {
  for (const name of ['redis-server', 'valkey-server']) {
    const path = findOnPath(name);
    if (path !== undefined) return { path, from: `${name} on PATH`, env: {} };
  }
  return undefined;
}

/** Debian's packages unpacked into the cache; nothing is installed. */
async function fromDebian({ profile, say }: ServiceContext): Promise<Program> {
  const cache = cacheFolder(profile.root);
  const folder = join(cache, `redis-debian-${process.arch}`);
  const program = (): Program => ({
    path: join(folder, 'usr', 'bin', 'redis-server'),
    from: "Debian's package, unpacked",
    env: { LD_LIBRARY_PATH: libraries(folder) },
  });
  if (existsSync(program().path)) return program();
  if (findOnPath('apt-get') === undefined || findOnPath('dpkg-deb') === undefined)
    throw new Error('neither redis-server nor valkey-server is on PATH, and this is no Debian');
  return withLock(
    `${folder}.lock`,
    async () => {
      if (existsSync(program().path)) return program();
      say("downloading Debian's package");
      const draft = `${folder}.${process.pid}`;
      mkdirSync(join(draft, 'debs'), { recursive: true });
      try {
        await download(join(draft, 'debs'), join(draft, 'apt'));
        for (const deb of readdirSync(join(draft, 'debs')))
          await run('dpkg-deb', ['-x', join(draft, 'debs', deb), join(draft, 'root')]);
        renameSync(join(draft, 'root'), folder);
      } finally {
        rmSync(draft, { recursive: true, force: true });
      }
      return program();
    },
    () => say('another process is downloading it: waiting'),
  );
}

async function download(folder: string, state: string): Promise<void> {
  const fetch = (options: readonly string[]): Promise<unknown> =>
    run('apt-get', [...options, 'download', ...PACKAGES], { cwd: folder, timeout: 120_000 });
  try {
    await fetch([]);
  } catch {
    // Empty package lists are the usual cause: read them into a folder of our own, which needs no root.
    mkdirSync(join(state, 'lists', 'partial'), { recursive: true });
    mkdirSync(join(state, 'cache', 'archives', 'partial'), { recursive: true });
    const options = [
      '-o',
      `Dir::State::Lists=${join(state, 'lists')}`,
      '-o',
      `Dir::Cache=${join(state, 'cache')}`,
      '-o',
      'APT::Sandbox::User=',
    ];
    try {
      await run('apt-get', [...options, 'update'], { timeout: 180_000 });
      await fetch(options);
    } catch (error) {
      const last = (error as { stderr?: string }).stderr?.trim().split('\n').at(-1);
      throw new Error(`apt-get download failed: ${last ?? (error as Error).message}`);
    }
  }
}

function libraries(folder: string): string {
  const base = join(folder, 'usr', 'lib');
  if (!existsSync(base)) return base;
  return readdirSync(base)
    .filter((name) => name.endsWith('-linux-gnu'))
    .map((name) => join(base, name))
    .join(':');
}

async function describeRedis(url: string, from: string): Promise<Found> {
  const info = await ask(url, (client) => client.info('server')).catch((error: Error) => {
    throw new Error(`no Redis answers there: ${error.message}`);
  });
  const version = /^(?:valkey|redis)_version:(\S+)/m.exec(info)?.[1] ?? 'unknown';
  return { from, version, address: new URL(url).host, env: { REDIS_URL: url } };
}

async function ask<T>(url: string, question: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url, {
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    connectTimeout: 3_000,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await question(client);
  } finally {
    client.disconnect();
  }
}
