import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { Redis } from 'ioredis';
import pg from 'pg';
import { APIS, WORKERS } from '../../dev/launcher/commands/chaos-shop.js';
import type { Config } from '../../src/config.js';
import { createTemporalClient, createTemporalConnection } from '../../src/infra/temporal/connection.js';
import { memoryMb } from '../processes.js';
import type { VitalSample } from './flatness.js';
import type { Shop } from './shop.js';

/** What the shop takes of the machine and of its services while it works. */
export interface Vitals {
  samples(): readonly VitalSample[];
  close(): Promise<void>;
}

export interface VitalsDeps {
  readonly shop: Pick<Shop, 'pid'>;
  readonly config: Pick<Config, 'database' | 'redis' | 'temporal'>;
  /** Since the run began. Milliseconds. */
  readonly now: () => number;
  /** How many there were until now. */
  readonly visits: () => number;
}

type Figures = Record<string, number>;

const EVERY_MS = 10_000;
/** Three hours; of a longer run every second one is left out, and again. */
const MOST_SAMPLES = 1_080;
const ANSWER_WITHIN_MS = 5_000;

/** Looks every ten seconds. Never throws: what cannot be read is not in the sample. */
export function watchVitals({ shop, config, now, visits }: VitalsDeps): Vitals {
  const samples: VitalSample[] = [];
  let everyMs = EVERY_MS;
  const closing = new AbortController();
  const database = new pg.Pool({
    ...{ connectionString: config.database.url, application_name: 'perdure-chaos', max: 1 },
    ...{ connectionTimeoutMillis: ANSWER_WITHIN_MS, query_timeout: ANSWER_WITHIN_MS },
  });
  // That they go away is what faults are for: the next look finds out.
  database.on('error', () => undefined);
  const redis = new Redis(config.redis.url, {
    ...{ enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: ANSWER_WITHIN_MS },
  });
  redis.on('error', () => undefined);
  const connection = createTemporalConnection(config.temporal);
  const client = createTemporalClient(connection, config.temporal);

  const pidOf = (name: string): number | undefined => {
    try {
      return shop.pid(name);
    } catch {
      return undefined;
    }
  };

  async function look(): Promise<VitalSample> {
    const pids = Object.fromEntries([...APIS, ...WORKERS].map((name) => [name, pidOf(name)] as const));
    const atMs = now();
    const known = Object.entries(pids).filter((pair): pair is [string, number] => pair[1] !== undefined);
    const read = await Promise.all(
      [
        ...known.map(
          ([name, pid]) =>
            async () =>
              ofProcess(name, pid),
        ),
        () => ofDatabase(database),
        () => ofRedis(redis, config.redis.prefix),
        () => client.withDeadline(Date.now() + ANSWER_WITHIN_MS, () => ofFlows(client, config.temporal.taskQueue)),
      ].map((each) => each().catch((): Figures => ({}))),
    );
    return { atMs, visits: visits(), pids: Object.fromEntries(known), figures: Object.assign({}, ...read) as Figures };
  }

  const looking = (async () => {
    while (!closing.signal.aborted) {
      samples.push(await look());
      if (samples.length > MOST_SAMPLES) {
        samples.splice(0, samples.length, ...samples.filter((_, index) => index % 2 === 0));
        everyMs *= 2;
      }
      await sleep(everyMs, undefined, { signal: closing.signal }).catch(() => undefined);
    }
    redis.disconnect();
    await Promise.allSettled([database.end(), connection.close()]);
  })();

  return {
    samples: () => samples,
    async close() {
      closing.abort();
      await looking;
    },
  };
}

/** Linux only: nothing elsewhere. */
function ofProcess(name: string, pid: number): Figures {
  return {
    [`memory of ${name}, MB`]: memoryMb(pid),
    [`descriptors of ${name}`]: readdirSync(`/proc/${pid}/fd`).length,
  };
}

async function ofDatabase(database: pg.Pool): Promise<Figures> {
  const { rows } = await database.query<{ name: string; value: number }>(`
    select 'connections of ' || coalesce(nullif(application_name, ''), 'others') as name, count(*)::integer as value
    from pg_stat_activity where datname = current_database() group by 1
    union all select 'database, kB', (pg_database_size(current_database()) / 1024)::integer
    union all select 'outbox, waiting', count(*)::integer from outbox where published_at is null`);
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
}

const PAGE = 1_000;
const MOST_PAGES = 200;

/** Keys in all, by kind, and those that nothing will ever remove. */
async function ofRedis(redis: Redis, prefix: string): Promise<Figures> {
  const info = await redis.info();
  const [, all = '0', ending = '0'] = /keys=(\d+),expires=(\d+)/.exec(info) ?? [];
  const figures: Figures = {
    'Redis keys': Number(all),
    'Redis keys without an end': Number(all) - Number(ending),
    'Redis memory, kB': Number(/used_memory:(\d+)/.exec(info)?.[1]) / 1_024,
  };
  let cursor = '0';
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const [next, keys] = await redis.scan(cursor, 'COUNT', PAGE);
    for (const key of keys) {
      const kind = (key.startsWith(prefix) ? key.slice(prefix.length) : key).split(':')[0] ?? '';
      const name = `Redis keys: ${kind}`;
      figures[name] = (figures[name] ?? 0) + 1;
    }
    if (next === '0') break;
    cursor = next;
  }
  return figures;
}

const LATELY_MS = 60_000;
const MOST_FLOWS = 1_000;
const MOST_DESCRIBED = 20;

/** Of flows that closed lately Temporal's list knows the histories; of running ones the oldest are asked for theirs. */
async function ofFlows(client: Client, taskQueue: string): Promise<Figures> {
  const since = new Date(Date.now() - LATELY_MS).toISOString();
  const closed = await some(client, `TaskQueue = '${taskQueue}' AND CloseTime > '${since}'`);
  const running = await some(client, `TaskQueue = '${taskQueue}' AND ExecutionStatus = 'Running'`);
  const oldest = running
    .toSorted((a, b) => a.startTime.getTime() - b.startTime.getTime())
    .slice(0, MOST_DESCRIBED)
    .map(({ workflowId, runId }) => client.workflow.getHandle(workflowId, runId).describe());
  // One of them may be gone since it was listed.
  const described = (await Promise.allSettled(oldest)).flatMap((each) =>
    each.status === 'fulfilled' ? [each.value] : [],
  );
  const seen = [...closed, ...described];
  return {
    'flows running': running.length,
    'longest history, events': Math.max(0, ...seen.map(({ historyLength }) => historyLength)),
    'largest history, kB': Math.max(0, ...seen.map(({ historySize = 0 }) => historySize)) / 1_024,
  };
}

async function some(client: Client, query: string): Promise<WorkflowExecutionInfo[]> {
  const found: WorkflowExecutionInfo[] = [];
  for await (const flow of client.workflow.list({ query, pageSize: MOST_FLOWS }))
    if (found.push(flow) === MOST_FLOWS) break;
  return found;
}
