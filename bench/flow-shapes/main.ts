/**
 * Local against remote database steps, and one flow against two, measured on this machine in one run:
 *
 *     npm run bench -- flow-shapes [sequential runs] [runs at concurrency 16]
 */
import { fileURLToPath } from 'node:url';
import { Client, WithStartWorkflowOperation } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { loadConfig } from '../../src/config.js';
import { newId } from '../../src/domain/kernel/ids.js';
import { createOrm } from '../../src/infra/db/orm.js';
import { createTransact } from '../../src/infra/db/transact.js';
import { installRuntime } from '../../src/infra/temporal/worker.js';
import { cpuOf, machineBusyMs } from '../processes.js';
import { median } from '../road/statistics.js';
import { createShapeActivities } from './activities.js';

const SHAPES = ['oneFlowRemote', 'twoFlowsRemote', 'oneFlowLocal', 'twoFlowsLocal'] as const;
type Shape = (typeof SHAPES)[number];
const CALLS_A_RUN = 4;
const CONCURRENCY = 16;
const ROUNDS = 3;

const [sequential = 15, concurrent = 96] = process.argv.slice(2).map(Number);
const config = loadConfig();
const quiet = { info: () => {}, warn: () => {}, error: () => {} };
installRuntime(quiet);
const orm = createOrm({ url: config.database.url, poolMax: 16 });
const transact = createTransact(orm);
await transact((em) =>
  em.execute(
    'create table if not exists bench_steps (id uuid not null, step text not null, done boolean not null default false)',
  ),
);
await transact((em) => em.execute('create index if not exists bench_steps_id on bench_steps (id)'));

const open = new Map<string, { left: number; finished: () => void }>();
const activities = createShapeActivities(transact, (id) => {
  const run = open.get(id);
  if (run === undefined || --run.left > 0) return;
  open.delete(id);
  run.finished();
});
const taskQueue = `bench-${newId()}`;
const connection = await NativeConnection.connect({ address: config.temporal.address });
const client = new Client({ connection, namespace: config.temporal.namespace });
const worker = await Worker.create({
  connection,
  namespace: config.temporal.namespace,
  taskQueue,
  activities,
  workflowsPath: fileURLToPath(new URL('./workflows.ts', import.meta.url)),
});

interface Figures {
  readonly early: number[];
  readonly whole: number[];
  perSecond: number;
  cpuServer: number;
  cpuWorker: number;
  cpuDatabase: number;
}

async function run(shape: Shape): Promise<{ early: number; whole: number }> {
  const id = newId();
  const began = performance.now();
  const finished = new Promise<void>((resolve) => open.set(id, { left: CALLS_A_RUN, finished: resolve }));
  const startWorkflowOperation = new WithStartWorkflowOperation(shape, {
    taskQueue,
    workflowId: `${shape}-${id}`,
    args: [{ id }],
    workflowIdConflictPolicy: 'USE_EXISTING',
  });
  await client.workflow.executeUpdateWithStart('placed', { startWorkflowOperation });
  const early = performance.now() - began;
  await finished;
  return { early, whole: performance.now() - began };
}

async function measure(shape: Shape, figures: Figures): Promise<void> {
  for (let i = 0; i < sequential; i += 1) {
    const { early, whole } = await run(shape);
    figures.early.push(early);
    figures.whole.push(whole);
  }
  const before = snapshot();
  const began = performance.now();
  let left = concurrent;
  await Promise.all(
    Array.from({ length: CONCURRENCY }, async () => {
      while (left-- > 0) await run(shape);
    }),
  );
  const after = snapshot();
  figures.perSecond += concurrent / ((performance.now() - began) / 1_000) / ROUNDS;
  for (const key of ['cpuServer', 'cpuWorker', 'cpuDatabase'] as const)
    figures[key] += (after[key] - before[key]) / concurrent / ROUNDS;
}

function snapshot() {
  const port = config.temporal.address.split(':').at(-1) ?? '';
  const { user, system } = process.cpuUsage();
  return {
    cpuServer: cpuOf((command) => command.includes('temporal') && command.includes(`--port ${port} `)),
    cpuWorker: (user + system) / 1_000,
    cpuDatabase: cpuOf(
      (command) => command.includes('postgres') && command.includes(new URL(config.database.url).port),
    ),
  };
}

await worker.runUntil(async () => {
  const all = new Map<Shape, Figures>();
  for (const shape of SHAPES) {
    all.set(shape, { early: [], whole: [], perSecond: 0, cpuServer: 0, cpuWorker: 0, cpuDatabase: 0 });
    for (let i = 0; i < 5; i += 1) await run(shape);
  }
  const [busy, own, began] = [machineBusyMs(), snapshot(), performance.now()];
  // Rounds in turn, so that a noisy minute falls on all shapes alike.
  for (let round = 0; round < ROUNDS; round += 1)
    for (const shape of SHAPES) await measure(shape, all.get(shape) as Figures);
  const end = snapshot();
  const ours = end.cpuServer + end.cpuWorker + end.cpuDatabase - own.cpuServer - own.cpuWorker - own.cpuDatabase;
  const others = (machineBusyMs() - busy - ours) / (performance.now() - began);
  const rows = SHAPES.map((shape) => {
    const { early, whole, perSecond, cpuServer, cpuWorker, cpuDatabase } = all.get(shape) as Figures;
    const cpu = cpuServer + cpuWorker + cpuDatabase;
    return { shape, early: median(early), whole: median(whole), perSecond, cpuServer, cpuWorker, cpuDatabase, cpu };
  });
  const base = rows[0]?.cpu ?? 1;
  console.table(
    rows.map((row) => ({
      shape: row.shape,
      'early answer, p50 ms': row.early.toFixed(0),
      'whole, p50 ms': row.whole.toFixed(0),
      [`a second at ${CONCURRENCY}`]: row.perSecond.toFixed(1),
      'CPU ms: server': row.cpuServer.toFixed(1),
      worker: row.cpuWorker.toFixed(1),
      database: row.cpuDatabase.toFixed(1),
      all: row.cpu.toFixed(1),
      ratio: (row.cpu / base).toFixed(2),
    })),
  );
  console.log(`cores used by anything else meanwhile: ${others.toFixed(2)}`);
});
await transact((em) => em.execute('drop table bench_steps'));
await orm.close(true);
await connection.close();
