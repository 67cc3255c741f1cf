import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Console } from './console.js';
import { writePrivate } from './profile.js';
import type { Session } from './session.js';
import { workerPolls } from './worker-probe.js';

const CATALOGUE_SAMPLE = join('dev', 'data', 'catalog-sample.ndjson.gz');
const IMPORTED = 'imported-sample';

/** Heaps that fit a small machine; without them V8 takes what it finds before it tidies up. */
export const SMALL_HEAP = ['--max-semi-space-size=4', '--max-old-space-size=192'];

interface Instance {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface Applications {
  /** Brings the database up to date. */
  migrate(): Promise<void>;
  /** One of several has a name and variables of its own. */
  startWorker(one?: Instance): Promise<void>;
  startApi(one?: Instance): Promise<void>;
  /** Imports the sample catalogue, once for each database; needs a worker. */
  importSample(): Promise<void>;
}

/**
 * Our own processes on a session's services; with `reload` they start again, gracefully, when a source file changes, with
 * `compiled` they are those of `npm run build`.
 */
export function createApplications(
  { services, supervisor }: Session,
  console: Console,
  {
    reload = false,
    compiled,
  }: { readonly reload?: boolean; readonly compiled?: { readonly nodeArguments: readonly string[] } },
): Applications {
  async function start(
    program: 'api' | 'worker',
    { name, env }: Instance,
    ready: () => Promise<boolean>,
  ): Promise<void> {
    console.step(name, 'starting');
    await supervisor.start({
      name,
      command: process.execPath,
      args: reload ? watchArguments(program) : programArguments(program),
      cwd: services.root,
      env: { ...services.env, ...env },
      rank: 0,
      graceMs: 30_000,
      probe: ready,
    });
    console.step(name, 'ready');
  }

  const programArguments = (name: string): string[] =>
    compiled === undefined
      ? ['--import', 'tsx', `src/bin/${name}.ts`]
      : [...compiled.nodeArguments, `dist/bin/${name}.js`];

  async function runOnce(name: string, args: readonly string[]): Promise<void> {
    const running = await supervisor.start({
      name,
      command: process.execPath,
      args: ['--import', 'tsx', ...args],
      cwd: services.root,
      env: services.env,
      mayEnd: true,
      rank: 0,
    });
    const code = await running.ended;
    if (code !== 0) throw new Error(`${name} ended with code ${code} (log: ${running.log})\n${running.lastLines()}`);
  }

  return {
    async migrate() {
      console.step('migrate', 'bringing the database up to date');
      await runOnce('migrate', ['src/bin/migrate.ts']);
    },
    startWorker(one = { name: 'worker', env: {} }) {
      const since = new Date();
      return start('worker', one, () => workerPolls({ ...process.env, ...services.env }, since));
    },
    startApi(one = { name: 'api', env: {} }) {
      const url = `http://127.0.0.1:${one.env['PORT'] ?? services.env['PORT']}/health/ready`;
      const ready = async (): Promise<boolean> => (await fetch(url, { signal: AbortSignal.timeout(3_000) })).ok;
      return start('api', one, ready);
    },
    async importSample() {
      const marker = join(services.folder, IMPORTED);
      const sample = createHash('sha256').update(readFileSync(join(services.root, CATALOGUE_SAMPLE)));
      const wanted = sample.update(services.env['DATABASE_URL'] ?? '').digest('hex');
      if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return;
      console.step('import', 'importing the sample catalogue');
      await runOnce('import', ['src/bin/import.ts', CATALOGUE_SAMPLE]);
      writePrivate(marker, wanted);
    },
  };
}

function watchArguments(name: string): string[] {
  const tsx = join('node_modules', 'tsx', 'dist', 'cli.mjs');
  // Workflows are bundled by the worker, not imported.
  return [tsx, 'watch', '--clear-screen=false', '--include', 'src/workflows/**/*.ts', `src/bin/${name}.ts`];
}
