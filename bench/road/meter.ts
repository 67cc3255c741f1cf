import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { cpuOfTrees, machineBusyMs, peakMemoryMb } from '../processes.js';
import type { Run } from './load.js';
import { perOperation, spreadOf, sum, type Spread } from './statistics.js';

/** What an operation costs is the CPU of these. */
export const OURS = ['api', 'worker', 'floor', 'temporal', 'postgres', 'redis', 'elasticsearch'] as const;
/** Who pretends to be somebody else: counted apart, as the load generator is. */
const OTHERS_WE_STARTED = ['stripe', 'vonage', 'mail'] as const;

export interface Measured extends Spread {
  readonly concurrency: number;
  readonly operations: number;
  readonly perSecond: number;
  /** Milliseconds an operation, by process; `OURS` only. */
  readonly cpu: Readonly<Record<string, number>>;
  readonly cpuTotal: number;
  /** The load generator and the simulators. Milliseconds an operation. */
  readonly cpuAround: number;
  /** An operation, without begin and commit. */
  readonly statements: number;
  readonly transactions: number;
  /** Cores used by none of ours meanwhile. */
  readonly coresElsewhere: number;
}

export interface Meter {
  /** Runs, waits until what it set off has ended, and tells what an operation took of everything. */
  measure(concurrency: number, run: () => Promise<Run>, settled?: () => Promise<void>): Promise<Measured>;
  /** One read of the shop's database, counted nowhere. */
  read<T extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<T[]>;
  /** Cores used by each of ours while `work` runs. */
  coresDuring(work: () => Promise<void>): Promise<Record<string, number>>;
  peakMemory(names: readonly string[]): Record<string, number>;
  close(): Promise<void>;
}

interface Reading {
  readonly at: number;
  readonly cpu: Record<string, number>;
  readonly load: number;
  readonly machine: number;
  readonly statements: Record<string, number>;
}

/** Marks what the bench itself asks the shop's database. */
const MARK = '/* bench */';

export async function openMeter(databaseUrl: string, pids: Readonly<Record<string, number>>): Promise<Meter> {
  const shop = await connect(databaseUrl);
  // From a database of its own, so that the counting is not counted.
  const aside = new URL(databaseUrl);
  const name = aside.pathname.slice(1);
  aside.pathname = '/postgres';
  const counter = await connect(aside.href);
  await counter.query('create extension if not exists pg_stat_statements');
  // As a shop that has been open for a minute: before autovacuum came by, plans are made without statistics.
  await shop.query('analyze');
  const roots = Object.fromEntries(
    [...OURS, ...OTHERS_WE_STARTED].flatMap((each) => (pids[each] === undefined ? [] : [[each, [pids[each]]]])),
  );

  async function reading(): Promise<Reading> {
    const { rows } = await counter.query<{ statements: string; transactions: string }>(
      `select coalesce(sum(calls) filter (where not ends), 0) as statements,
         coalesce(sum(calls) filter (where ends and query ~* '^(commit|rollback|end)'), 0) as transactions
       from (
         select calls, query, query ~* '^(begin|start transaction|commit|rollback|end)' as ends
         from pg_stat_statements
         where dbid = (select oid from pg_database where datname = $1) and not starts_with(query, '${MARK}')
       ) s`,
      [name],
    );
    const { user, system } = process.cpuUsage();
    return {
      at: performance.now(),
      cpu: cpuOfTrees(roots),
      load: (user + system) / 1_000,
      machine: machineBusyMs(),
      statements: {
        statements: Number(rows[0]?.statements ?? 0),
        transactions: Number(rows[0]?.transactions ?? 0),
      },
    };
  }

  return {
    async measure(concurrency, run, settled = () => sleep(50)) {
      const before = await reading();
      const { latencies, seconds } = await run();
      await settled();
      const after = await reading();
      const operations = latencies.length;
      const all = perOperation(before.cpu, after.cpu, operations);
      const cpu = Object.fromEntries(OURS.flatMap((each) => (all[each] === undefined ? [] : [[each, all[each]]])));
      const load = (after.load - before.load) / operations;
      const around = load + sum(OTHERS_WE_STARTED.map((each) => all[each] ?? 0));
      const counted = perOperation(before.statements, after.statements, operations);
      const elsewhere = after.machine - before.machine - (sum(Object.values(all)) + load) * operations;
      return {
        ...spreadOf(latencies),
        concurrency,
        operations,
        perSecond: operations / seconds,
        cpu,
        cpuTotal: sum(Object.values(cpu)),
        cpuAround: around,
        statements: counted['statements'] ?? 0,
        transactions: counted['transactions'] ?? 0,
        coresElsewhere: Math.max(0, elsewhere / (after.at - before.at)),
      };
    },
    async read<T extends pg.QueryResultRow>(sql: string, values: readonly unknown[] = []) {
      return (await shop.query<T>(`${MARK} ${sql}`, [...values])).rows;
    },
    async coresDuring(work) {
      const before = await reading();
      await work();
      const after = await reading();
      const cores = perOperation(before.cpu, after.cpu, after.at - before.at);
      return { ...cores, 'load generator': (after.load - before.load) / (after.at - before.at) };
    },
    peakMemory: (names) => Object.fromEntries(names.map((each) => [each, peakMemoryMb(pids[each] ?? 0)])),
    async close() {
      await Promise.all([shop.end(), counter.end()]);
    },
  };
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}
