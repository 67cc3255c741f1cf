import { Connection } from '@temporalio/client';
import { Redis } from 'ioredis';
import pg from 'pg';
import { APIS, WORKERS } from '../../dev/launcher/commands/chaos-shop.js';
import type { Shop } from './shop.js';

const SERVICES = ['postgres', 'redis', 'temporal', 'elasticsearch', 'mail', 'stripe', 'vonage'];
const ANSWER_WITHIN_MS = 3_000;
/** A worker asks for tasks at least once in this time, busy or not. */
const POLLED_WITHIN_MS = 70_000;

/** Whether what a fault hurt answers again. Never throws. */
export async function isWell(shop: Shop, target: string): Promise<boolean> {
  try {
    return await (LOOKS[target] ?? (() => false))(shop);
  } catch {
    return false;
  }
}

const LOOKS: Readonly<Record<string, (shop: Shop) => boolean | Promise<boolean>>> = {
  postgres: ({ env }) => postgresAnswers(env['DATABASE_URL'] ?? ''),
  redis: ({ env }) => redisAnswers(env['REDIS_URL'] ?? ''),
  temporal: ({ env }) => temporalAnswers(env['TEMPORAL_ADDRESS'] ?? ''),
  elasticsearch: ({ env }) =>
    httpAnswers(`${env['ELASTICSEARCH_URL']}/_cluster/health?wait_for_status=yellow&timeout=1s`),
  mail: ({ env }) => httpAnswers(`${env['INBOX_URL']}/api/healthz`),
  stripe: ({ env }) => httpAnswers(`${env['STRIPE_API_URL']}/health`),
  vonage: ({ env }) => httpAnswers(`${env['VONAGE_API_URL']}/health`),
  workers: (shop) => allWell(shop, WORKERS),
  everything: (shop) => allWell(shop, [...APIS, ...WORKERS, ...SERVICES.filter((name) => shop.has(name))]),
  ...Object.fromEntries(APIS.map((name) => [name, (shop: Shop) => apiIsReady(shop, name)])),
  ...Object.fromEntries(WORKERS.map((name) => [name, (shop: Shop) => workerPolls(shop, name)])),
};

async function allWell(shop: Shop, targets: readonly string[]): Promise<boolean> {
  const answers = await Promise.all(targets.map((target) => isWell(shop, target)));
  return answers.every(Boolean);
}

const httpAnswers = async (url: string): Promise<boolean> =>
  (await fetch(url, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) })).ok;

/** Ready itself, and not only through another one. */
async function apiIsReady(shop: Shop, name: string): Promise<boolean> {
  shop.pid(name);
  return httpAnswers(`http://127.0.0.1:${shop.apiPorts[name]}/health/ready`);
}

async function postgresAnswers(connectionString: string): Promise<boolean> {
  const client = new pg.Client({
    connectionString,
    connectionTimeoutMillis: ANSWER_WITHIN_MS,
    query_timeout: ANSWER_WITHIN_MS,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } finally {
    void client.end().catch(() => undefined);
  }
}

async function redisAnswers(url: string): Promise<boolean> {
  const client = new Redis(url, {
    ...{ lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 },
    ...{ connectTimeout: ANSWER_WITHIN_MS, commandTimeout: ANSWER_WITHIN_MS },
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.ping()) === 'PONG';
  } finally {
    client.disconnect();
  }
}

const temporalAnswers = (address: string): Promise<boolean> =>
  withTemporal(address, async (connection) => {
    await connection.workflowService.describeNamespace({ namespace: 'default' });
    return true;
  });

/** Temporal's list of pollers names each by its process id. */
async function workerPolls(shop: Shop, name: string): Promise<boolean> {
  const pid = shop.pid(name);
  return withTemporal(shop.env['TEMPORAL_ADDRESS'] ?? '', async (connection) => {
    const { pollers } = await connection.workflowService.describeTaskQueue({
      namespace: 'default',
      taskQueue: { name: 'perdure' },
    });
    const oldest = (Date.now() - POLLED_WITHIN_MS) / 1_000;
    return (pollers ?? []).some(
      ({ identity, lastAccessTime }) =>
        identity?.startsWith(`${pid}@`) === true && Number(lastAccessTime?.seconds ?? 0) >= oldest,
    );
  });
}

async function withTemporal(address: string, work: (connection: Connection) => Promise<boolean>): Promise<boolean> {
  const connection = await Connection.connect({ address, connectTimeout: ANSWER_WITHIN_MS });
  try {
    return await connection.withDeadline(Date.now() + ANSWER_WITHIN_MS, () => work(connection));
  } finally {
    await connection.close();
  }
}
