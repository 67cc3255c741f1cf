import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findTemporal } from '../../dev/bootstrap/temporal.js';
import { freePort } from '../../dev/launcher/ports.js';
import { devServerArgs, serverVersion } from '../../dev/launcher/services/temporal.js';
import { until } from './until.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const LOWEST_PORT = 28_000;

export interface OwnTemporal {
  readonly address: string;
  close(): Promise<void>;
}

/** A Temporal server that nobody else uses: for tests that cut its connections in the middle of calls. */
export async function startTemporal(): Promise<OwnTemporal> {
  const program = await findTemporal(ROOT);
  if (program === undefined) throw new Error('there is no Temporal CLI: run the tests with npm test');
  const folder = await mkdtemp(join(tmpdir(), 'temporal-'));
  const taken = new Set<number>();
  const port = async (): Promise<number> => {
    const free = await freePort(LOWEST_PORT + Number(process.env['JEST_WORKER_ID'] ?? 1) * 200, taken);
    taken.add(free);
    return free;
  };
  const ports = { port: await port(), ui: await port(), metrics: await port(), http: await port() };
  const server = spawn(program, devServerArgs({ ...ports, database: join(folder, 'temporal.db') }), {
    stdio: 'ignore',
  });
  const ended = new Promise<void>((resolve) => server.once('close', () => resolve()));
  const address = `127.0.0.1:${ports.port}`;
  const answers = (): Promise<boolean> =>
    serverVersion(address).then(
      () => true,
      () => false,
    );
  await until('a server of its own', answers, (up) => up, 60_000);
  return {
    address,
    async close() {
      server.kill('SIGTERM');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
