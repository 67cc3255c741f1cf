import { parseArgs } from 'node:util';
import { createApplications, SMALL_HEAP, type Applications } from '../applications.js';
import { openProfile } from '../profile.js';
import { recordedProcesses } from '../run-record.js';
import { openSession, type Session } from '../session.js';
import { SERVICES } from '../services/index.js';
import { buildCommand } from './build.js';
import { readOptions, type Command, type Invocation } from './command.js';
import { taskCommand } from './tasks.js';

const flowShapes = taskCommand({
  name: 'flow-shapes',
  file: 'bench/flow-shapes/main.ts',
  summary: 'measure flow shapes on this machine',
});

const sweepLocks = taskCommand({
  name: 'sweep-locks',
  file: 'bench/sweep-locks/main.ts',
  summary: 'measure how long the sweep keeps stock locked',
});

export const benchCommand: Command = {
  summary:
    'measure the main road; --quick, --only <operation>, --readme, --compare, --cpu-prof <folder>, import, flow-shapes, sweep-locks',
  async run(invocation) {
    const { root, args, console } = invocation;
    if (args[0] === 'flow-shapes') return flowShapes.run({ ...invocation, args: args.slice(1) });
    if (args[0] === 'sweep-locks') return sweepLocks.run({ ...invocation, args: args.slice(1) });
    if (args[0] === 'import') return importUnderWatch({ ...invocation, args: args.slice(1) });
    const { values } = parseArgs({
      args: [...readOptions(args).rest],
      options: {
        quick: { type: 'boolean', default: false },
        readme: { type: 'boolean', default: false },
        compare: { type: 'boolean', default: false },
        only: { type: 'string' },
        'cpu-prof': { type: 'string' },
      },
    });
    const { compareKept, runBench } = await import('../../../bench/road/main.js');
    if (values.compare) {
      if (compareKept(root, console)) return 0;
      console.line('fewer than two runs were kept in bench/results');
      return 1;
    }
    const { session, applications } = await openShopUnderLoad(invocation, [
      ...SMALL_HEAP,
      ...profilingArguments(values['cpu-prof']),
    ]);
    await Promise.all([applications.startWorker(), applications.startApi()]);
    await applications.importSample();
    const floorUrl = await startFloor(session);
    const pids = recordedProcesses(session.services.folder);
    await runBench(session.services, { ...values, only: values.only, floorUrl, pids }, console);
    return audit(session);
  },
};

/** A catalogue into an empty shop: `import [file] [--rows 19406] [--default-heap] [--cpu-prof folder]`. */
async function importUnderWatch(invocation: Invocation): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...readOptions(invocation.args).rest],
    allowPositionals: true,
    options: {
      rows: { type: 'string', default: '19406' },
      'default-heap': { type: 'boolean', default: false },
      'cpu-prof': { type: 'string' },
    },
  });
  const { benchImport } = await import('../../../bench/import/main.js');
  const heap = values['default-heap'] ? [] : SMALL_HEAP;
  const { session, applications } = await openShopUnderLoad(invocation, [
    ...heap,
    ...profilingArguments(values['cpu-prof']),
  ]);
  await applications.startWorker();
  const workerPid = recordedProcesses(session.services.folder)['worker'] ?? 0;
  const wanted = { file: positionals[0], rows: Number(values.rows), workerPid };
  await benchImport(session.services, wanted, invocation.console);
  return 0;
}

/** API and worker write down where their time goes, each thread into a file of its own. */
const profilingArguments = (folder: string | undefined): string[] =>
  folder === undefined ? [] : ['--cpu-prof', '--cpu-prof-interval=500', `--cpu-prof-dir=${folder}`];

interface OpenShop {
  readonly session: Session;
  readonly applications: Applications;
}

/** Everything of a profile's own and empty, with API and worker, to be started yet, as they are built for production. */
async function openShopUnderLoad(invocation: Invocation, nodeArguments: readonly string[]): Promise<OpenShop> {
  const { root, args, console, lifetime } = invocation;
  if ((await buildCommand.run(invocation)) !== 0) throw new Error('src does not compile');
  const session = await openSession(
    {
      root,
      profile: readOptions(args).profile ?? 'bench',
      services: SERVICES,
      fresh: true,
      command: 'bench',
      nodeEnv: 'development',
      strict: false,
      lenient: false,
    },
    lifetime,
    console,
  );
  session.supervisor.onUnexpectedEnd((name, code, lastLines) => {
    console.line(`${name} ended with code ${code}; its last lines:\n${lastLines}`);
  });
  // All load comes from one address.
  const env = { ...session.services.env, NODE_ENV: 'production', RATE_LIMITS: 'off', MALLOC_ARENA_MAX: '2' };
  const opened = { ...session, services: { ...session.services, env } };
  const applications = createApplications(opened, console, {
    compiled: { nodeArguments },
  });
  await applications.migrate();
  return { session: opened, applications };
}

async function startFloor({ services, supervisor }: Session): Promise<string> {
  const port = await openProfile(services.root, services.profile).port('floor');
  const url = `http://127.0.0.1:${port}`;
  await supervisor.start({
    name: 'floor',
    command: process.execPath,
    args: ['--import', 'tsx', 'bench/floor/main.ts'],
    cwd: services.root,
    env: { ...services.env, PORT: String(port) },
    rank: 0,
    probe: async () => (await fetch(`${url}/bare`, { signal: AbortSignal.timeout(2_000) })).ok,
  });
  return url;
}

/** The promises hold after it; its exit code is the bench's. */
async function audit({ services, supervisor }: Session): Promise<number> {
  const running = await supervisor.start({
    name: 'audit',
    command: process.execPath,
    args: ['--import', 'tsx', 'src/bin/audit.ts', '--settle'],
    cwd: services.root,
    env: services.env,
    foreground: true,
    mayEnd: true,
    rank: 0,
  });
  return running.ended;
}
