import { join } from 'node:path';
import type { Console } from './console.js';
import type { Services, Session } from './session.js';
import type { RunningProcess, Supervisor } from './supervisor.js';

const CATALOGUE_SAMPLE = join('dev', 'data', 'catalog-sample.ndjson.gz');

/** Brings the database up to date and fills an empty catalogue with sample products. */
export async function prepareData({ services, supervisor }: Session, console: Console): Promise<void> {
  console.step('migrate', 'bringing the database up to date');
  await runOnce(supervisor, services, 'migrate', ['src/bin/migrate.ts']);
  console.step('import', 'importing the sample catalogue');
  await runOnce(supervisor, services, 'import', ['src/bin/import.ts', CATALOGUE_SAMPLE]);
}

/** The API and the worker, ready for requests; with `reload` they start again, gracefully, when a source file changes. */
export async function startApplications(
  { services, supervisor }: Session,
  console: Console,
  { reload }: { readonly reload: boolean },
): Promise<void> {
  const start = async (
    name: 'api' | 'worker',
    probeUrl: string,
    env: Readonly<Record<string, string>>,
  ): Promise<void> => {
    console.step(name, 'starting');
    await supervisor.start({
      name,
      command: process.execPath,
      args: reload ? watchArguments(`src/bin/${name}.ts`) : ['--import', 'tsx', `src/bin/${name}.ts`],
      cwd: services.root,
      env: { ...services.env, ...env },
      rank: 0,
      graceMs: 30_000,
      probe: async () => (await fetch(probeUrl, { signal: AbortSignal.timeout(3_000) })).ok,
    });
    console.step(name, `ready at ${new URL(probeUrl).origin}`);
  };
  const api = `http://127.0.0.1:${services.env['PORT']}/health/ready`;
  const metricsPort = services.env['METRICS_PORT'] ?? '';
  await Promise.all([
    start('worker', `http://127.0.0.1:${metricsPort}/health/ready`, {}),
    start('api', api, { METRICS_PORT: '' }),
  ]);
}

function watchArguments(file: string): string[] {
  const tsx = join('node_modules', 'tsx', 'dist', 'cli.mjs');
  // Workflows are bundled by the worker, not imported.
  return [tsx, 'watch', '--clear-screen=false', '--include', 'src/workflows/**/*.ts', file];
}

async function runOnce(
  supervisor: Supervisor,
  services: Services,
  name: string,
  args: readonly string[],
): Promise<void> {
  const running: RunningProcess = await supervisor.start({
    name,
    command: process.execPath,
    args: ['--import', 'tsx', ...args],
    cwd: services.root,
    env: services.env,
    mayEnd: true,
    rank: 0,
  });
  const code = await running.ended;
  if (code !== 0)
    throw new Error(`${name} ended with code ${code}; its last lines (${running.log}):\n${running.lastLines()}`);
}
