/** What importing a catalogue takes of the worker: memory above its idle, and time until it is there and can be searched. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '@elastic/elasticsearch';
import type { Console } from '../../dev/launcher/console.js';
import type { Services } from '../../dev/launcher/session.js';
import { isClosed, readImport, requestImport, type ImportRecord } from '../../src/domain/catalogue/index.js';
import { newId } from '../../src/domain/kernel/ids.js';
import type { Query, Transact } from '../../src/domain/kernel/transact.js';
import { createOrm } from '../../src/infra/db/orm.js';
import { createQuery, createTransact } from '../../src/infra/db/transact.js';
import { memoryMb } from '../processes.js';
import { median } from '../road/statistics.js';
import { writeRows } from './rows.js';

export interface ImportBench {
  /** Generated rows stand for a file where there is none. */
  readonly file: string | undefined;
  readonly rows: number;
  readonly workerPid: number;
}

const WARM_ROWS = 1_000;
const IDLE_SAMPLES = 50;
const SAMPLE_EVERY_MS = 100;
const LOOK_EVERY_MS = 100;
const ENDS_WITHIN_MS = 20 * 60_000;

export async function benchImport(
  { env, folder }: Services,
  { file, rows, workerPid }: ImportBench,
  console: Console,
): Promise<void> {
  const orm = createOrm({ url: env['DATABASE_URL'] ?? '', poolMax: 2, applicationName: 'perdure-bench' });
  const shop = { query: createQuery(orm), transact: createTransact(orm), level: openLevel(env) };
  const files = mkdtempSync(join(folder, 'import-'));
  try {
    const generated = async (count: number): Promise<string> => {
      const path = join(files, `${count}.ndjson`);
      await writeRows(path, count);
      return path;
    };
    const started = median(await samples(workerPid, IDLE_SAMPLES));
    // Warm: compiled code, filled pools, an index that searches read.
    await run(shop, await generated(WARM_ROWS));
    const source = file === undefined ? await generated(WARM_ROWS + rows) : resolve(file);

    const idle = median(await samples(workerPid, IDLE_SAMPLES));
    const memory = watchMemory(workerPid);
    const { record, completed, level } = await run(shop, source);
    const peak = memory.stop();
    console.line(
      `${record.linesRead} rows: ${record.created} created, ${record.updated} updated, ${record.unchanged} unchanged, ${record.refused} refused`,
    );
    console.line(`completed after ${completed.toFixed(1)} s, index level after ${level?.toFixed(1) ?? '-'} s`);
    console.line(
      `worker: ${mib(peak)} at the peak, ${mib(peak - idle)} above its idle after ${WARM_ROWS} rows (${mib(idle)}), ` +
        `${mib(peak - started)} above its idle before any (${mib(started)})`,
    );
  } finally {
    rmSync(files, { recursive: true });
    await shop.level?.close();
    await orm.close(true);
  }
}

interface Shop {
  readonly query: Query;
  readonly transact: Transact;
  readonly level: Level | null;
}

/** Seconds from the request until the import has ended, and until searches know all of it. */
async function run(
  { query, transact, level }: Shop,
  source: string,
): Promise<{ readonly record: ImportRecord; readonly completed: number; readonly level: number | null }> {
  const importId = newId();
  const begun = performance.now();
  const seconds = (): number => (performance.now() - begun) / 1_000;
  await transact((em) => requestImport(em, { importId, source, startedBy: null }));
  const read = (): Promise<ImportRecord> => query((em) => readImport(em, importId));
  const record = await until(read, ({ status }) => isClosed(status));
  const completed = seconds();
  if (record.status !== 'completed') throw new Error(`the import ended ${record.status}: ${record.failure ?? ''}`);
  if (level === null) return { record, completed, level: null };
  const behind = async (): Promise<boolean> => {
    const [row] = await query((em) =>
      em.execute<{ waiting: number; published: number }[]>(
        `select (select count(*) from outbox where published_at is null and topic = 'search.products')::integer as waiting,
           (select count(*) from products where status = 'published')::integer as published`,
      ),
    );
    return row?.waiting !== 0 || row.published !== (await level.count());
  };
  await until(behind, (is) => !is);
  return { record, completed, level: seconds() };
}

interface Level {
  /** Products that searches find. */
  count(): Promise<number>;
  close(): Promise<void>;
}

function openLevel(env: Services['env']): Level | null {
  if ((env['ELASTICSEARCH_URL'] ?? '') === '') return null;
  const client = new Client({ node: env['ELASTICSEARCH_URL'] ?? '' });
  const index = env['ELASTICSEARCH_INDEX'] ?? 'perdure-products';
  return {
    count: async () => (await client.count({ index, ignore_unavailable: true, allow_no_indices: true })).count,
    close: () => client.close(),
  };
}

async function until<T>(read: () => Promise<T>, done: (value: T) => boolean): Promise<T> {
  for (const end = performance.now() + ENDS_WITHIN_MS; ; await sleep(LOOK_EVERY_MS)) {
    const value = await read();
    if (done(value)) return value;
    if (performance.now() > end) throw new Error('the import did not end in time');
  }
}

async function samples(pid: number, count: number): Promise<number[]> {
  const taken: number[] = [];
  for (; taken.length < count; await sleep(SAMPLE_EVERY_MS)) taken.push(memoryMb(pid));
  return taken;
}

const mib = (value: number): string => `${value.toFixed(0)} MiB`;

function watchMemory(pid: number): { stop(): number } {
  let peak = 0;
  const look = setInterval(() => (peak = Math.max(peak, memoryMb(pid))), SAMPLE_EVERY_MS);
  return {
    stop() {
      clearInterval(look);
      return peak;
    },
  };
}
