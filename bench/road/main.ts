/** The main road, measured on a production build: what each step costs, how fast it is, and where it ends. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Console } from '../../dev/launcher/console.js';
import type { Services } from '../../dev/launcher/session.js';
import { openHttp } from './http.js';
import { openMeter, type Measured, type Meter } from './meter.js';
import { floors, operations, type Operation } from './operations.js';
import { compare, ms, tablesOf, withTables, type Line, type Report, type Table } from './report.js';
import { commitOf, keep, keptReports, machine } from './results.js';
import { openShop, type Shop } from './shop.js';
import { findKnee, rush, slowProvider, watchMessages } from './stories.js';

export interface BenchOptions {
  /** Short measurements, for trying; nothing is kept. */
  readonly quick: boolean;
  /** Writes the tables into the README. */
  readonly readme: boolean;
  /** Measures only operations whose names contain it; nothing is kept. */
  readonly only: string | undefined;
  readonly floorUrl: string;
  readonly pids: Readonly<Record<string, number>>;
}

const LEVELS = [1, 8, 32];
const RATES = [8, 12, 16, 20, 24, 28, 32];
const INDEXED_WITHIN_MS = 60_000;

export async function runBench(services: Services, options: BenchOptions, console: Console): Promise<void> {
  const { env, root } = services;
  const meter = await openMeter(env['DATABASE_URL'] ?? '', options.pids);
  const shop = await openShop(env, meter);
  try {
    await untilIndexed(shop, env, console);
    const report = await measureAll(shop, meter, services, options, console);
    if (report === null) return;
    for (const table of tablesOf(report)) show(table, console);
    if (options.quick) return console.line('\nnothing was kept: the run was quick');
    const [earlier] = keptReports(root).slice(-1);
    console.line(`\nkept in ${keep(root, report)}`);
    if (earlier !== undefined) show(compare(earlier, report), console);
    if (options.readme) {
      const file = join(root, 'README.md');
      writeFileSync(file, withTables(readFileSync(file, 'utf8'), report));
      console.line('written into README.md');
    }
  } finally {
    await shop.close();
    await meter.close();
  }
}

/** Shows what changed between the last two runs that were kept; false where there are no two. */
export function compareKept(root: string, console: Console): boolean {
  const [before, after] = keptReports(root).slice(-2);
  if (before === undefined || after === undefined) return false;
  show(compare(before, after), console);
  return true;
}

async function measureAll(
  shop: Shop,
  meter: Meter,
  { env, root }: Services,
  { quick, only, floorUrl, pids }: BenchOptions,
  console: Console,
): Promise<Report | null> {
  const seconds = quick ? 1 : 3;
  const places = { shop, redisUrl: env['REDIS_URL'] ?? '' };
  const floorHttp = openHttp(floorUrl);
  const wanted = ({ name }: Operation): boolean => only === undefined || name.includes(only);
  const line = async (operation: Operation): Promise<Line> => ({
    name: operation.name,
    floor: operation.floor,
    levels: await measureLevels(operation, meter, seconds, console),
  });
  const measured: Line[] = [];
  for (const operation of (await operations(places)).filter(wanted)) measured.push(await line(operation));
  const lowest: Line[] = [];
  for (const operation of floors(places, floorHttp).filter(wanted)) lowest.push(await line(operation));
  floorHttp.close();
  const memory = meter.peakMemory(['api', 'worker']);
  if (only !== undefined) {
    console.line(`memory at the peak: api ${ms(memory['api'] ?? 0)} MB, worker ${ms(memory['worker'] ?? 0)} MB`);
    return null;
  }

  console.step('bench', 'messages inside against outside the request');
  const messages = await watchMessages(shop, meter, quick ? 3 : 20);
  console.step('bench', 'a slow provider');
  const slow = await slowProvider(shop, meter, {
    stripeUrl: env['STRIPE_API_URL'] ?? '',
    latencyMs: 500,
    count: quick ? 3 : 20,
  });
  console.step('bench', 'a rush');
  const rushed = await rush(
    shop,
    meter,
    quick ? { buyers: 50, pieces: 10, overSeconds: 2 } : { buyers: 1_000, pieces: 100, overSeconds: 10 },
  );
  console.step('bench', 'the knee');
  const knee = await findKnee(shop, meter, { rates: quick ? [8] : RATES, seconds: quick ? 3 : 10 });
  return {
    ...{ commit: commitOf(root), at: new Date().toISOString(), machine: machine() },
    ...{ operations: measured, floors: lowest, messages, slowProvider: slow, rush: rushed, knee },
    memory: { ...memory, ...peaks(meter, memory, pids) },
  };
}

/** The higher of what was used before the stories and after them. */
function peaks(meter: Meter, before: Record<string, number>, pids: BenchOptions['pids']): Record<string, number> {
  const names = ['api', 'worker', 'temporal', 'redis', 'elasticsearch'].filter((name) => pids[name] !== undefined);
  const now = meter.peakMemory(names);
  return Object.fromEntries(names.map((name) => [name, Math.max(before[name] ?? 0, now[name] ?? 0)]));
}

async function measureLevels(
  { name, load, settled }: Operation,
  meter: Meter,
  seconds: number,
  console: Console,
): Promise<Measured[]> {
  // Warm: compiled code, filled pools and caches.
  await load(4, seconds / 2);
  await settled?.();
  const levels: Measured[] = [];
  for (const concurrency of LEVELS) {
    const level = await meter.measure(concurrency, () => load(concurrency, seconds), settled);
    levels.push(level);
    const parts = Object.entries(level.cpu).map(([part, value]) => `${part} ${ms(value)}`);
    console.step(
      'bench',
      `${name}, ${concurrency} at once: ${ms(level.p50)} / ${ms(level.p95)} / ${ms(level.p99)} ms, ${level.perSecond.toFixed(1)} a second, ` +
        `CPU ${ms(level.cpuTotal)} ms (${parts.join(', ')}; around it ${ms(level.cpuAround)}), ` +
        `SQL ${level.statements.toFixed(1)} in ${level.transactions.toFixed(1)} transactions, elsewhere ${level.coresElsewhere.toFixed(2)} cores`,
    );
  }
  return levels;
}

async function untilIndexed({ http }: Shop, env: Services['env'], console: Console): Promise<void> {
  if ((env['ELASTICSEARCH_URL'] ?? '') === '')
    return console.step('bench', 'without Elasticsearch: PostgreSQL searches');
  const path = '/api/v1/products/search?q=keyboard&limit=1';
  for (const end = performance.now() + INDEXED_WITHIN_MS; performance.now() < end; await sleep(500)) {
    const { backend, total } = await http.ask<{ backend: string; total: number }>(200, 'GET', path);
    if (backend === 'elasticsearch' && total > 0) return;
  }
  console.step('bench', 'Elasticsearch is not filled: PostgreSQL searches');
}

function show({ title, head, rows }: Table, console: Console): void {
  console.line(`\n${title}\n`);
  console.table(rows.map((row) => Object.fromEntries(head.map((cell, column) => [cell, row[column] ?? '']))));
}
