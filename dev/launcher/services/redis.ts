import { join } from 'node:path';
import { Redis } from 'ioredis';
import { findOnPath } from '../../bootstrap/folders.js';
import { startComposed } from '../compose.js';
import { librariesOf, unpackDebian } from '../debian.js';
import type { Found, Service, ServiceContext } from '../service.js';

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

async function fromDebian({ profile, say }: ServiceContext): Promise<Program> {
  const folder = await unpackDebian(profile.root, 'redis', PACKAGES, say).catch((error: Error) => {
    throw new Error(`neither redis-server nor valkey-server is on PATH, and ${error.message}`);
  });
  return {
    path: join(folder, 'usr', 'bin', 'redis-server'),
    from: "Debian's package, unpacked",
    env: { LD_LIBRARY_PATH: librariesOf(folder).join(':') },
  };
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
