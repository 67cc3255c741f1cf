import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Connection } from '@temporalio/client';
import { cacheFolder } from '../../bootstrap/folders.js';
import { buildTemporal, downloadTemporal, findTemporal, TEMPORAL_CLI_VERSION } from '../../bootstrap/temporal.js';
import { startComposed } from '../compose.js';
import type { Found, Service, ServiceContext } from '../service.js';

const run = promisify(execFile);

const SEARCH_ATTRIBUTES = ['OrderId=Keyword', 'CustomerId=Keyword', 'CheckoutStatus=Keyword', 'NeedsAttention=Bool'];

/** The server's defaults cost up to 50 ms per dispatch. */
const DYNAMIC_CONFIG = ['history.transferProcessorMaxPollRPS=2000', 'system.enableActivityEagerExecution=true'];

export const temporal: Service = {
  name: 'temporal',
  variable: 'TEMPORAL_ADDRESS',
  advice: `install the Temporal CLI ${TEMPORAL_CLI_VERSION} (temporal on PATH) or Go, or set TEMPORAL_ADDRESS`,
  ways: {
    async environment({ env }) {
      return describeTemporal(env['TEMPORAL_ADDRESS'] ?? '', 'TEMPORAL_ADDRESS', env['TEMPORAL_UI_URL'] ?? '');
    },
    async local(context) {
      const present = await findTemporal(context.profile.root);
      if (present !== undefined) return startDevServer(context, present);
      context.say('downloading the Temporal CLI');
      const downloaded = await downloadTemporal(context.profile.root, waiting(context)).catch((error: Error) => {
        throw new Error(`temporal is not on PATH and its download failed (${causeOf(error)})`);
      });
      return startDevServer(context, downloaded);
    },
    async docker(context) {
      const [port, ui] = [await context.profile.port('temporal'), await context.profile.port('temporal-ui')];
      await startComposed(context, 'temporal', { TEMPORAL_PORT: String(port), TEMPORAL_UI_PORT: String(ui) });
      return describeTemporal(`127.0.0.1:${port}`, 'Docker Compose', `http://127.0.0.1:${ui}`);
    },
    async build(context) {
      context.say('compiling the Temporal CLI with Go: 2 to 5 minutes, once');
      return startDevServer(context, await buildTemporal(context.profile.root, waiting(context)));
    },
  },
};

/** A server for one machine, with all that our flows need. `database`: the file it keeps everything in. */
export const devServerArgs = ({ port, ui, metrics, http, database }: DevServer): string[] => [
  ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--ui-port', String(ui)],
  ...['--metrics-port', String(metrics), '--http-port', String(http), '--log-level', 'warn'],
  ...['--db-filename', database],
  ...['--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=NORMAL'],
  ...DYNAMIC_CONFIG.flatMap((value) => ['--dynamic-config-value', value]),
  ...SEARCH_ATTRIBUTES.flatMap((attribute) => ['--search-attribute', attribute]),
];

interface DevServer {
  readonly port: number;
  readonly ui: number;
  readonly metrics: number;
  readonly http: number;
  readonly database: string;
}

const waiting =
  ({ say }: ServiceContext): (() => void) =>
  () =>
    say('another process is downloading or compiling it: waiting');

async function startDevServer(context: ServiceContext, program: string): Promise<Found> {
  const { profile, supervisor } = context;
  const [port, ui, metrics, http] = [
    await profile.port('temporal'),
    await profile.port('temporal-ui'),
    await profile.port('temporal-metrics'),
    await profile.port('temporal-http'),
  ];
  const address = `127.0.0.1:${port}`;
  await supervisor.start({
    name: 'temporal',
    command: program,
    args: devServerArgs({ port, ui, metrics, http, database: join(profile.subfolder('temporal'), 'temporal.db') }),
    probe: () => serverVersion(address),
    ailment: () => lostDatabase(address),
  });
  const cli = await run(program, ['--version']).then(
    ({ stdout }) => / version (\S+)/.exec(stdout)?.[1],
    () => undefined,
  );
  const { version, ...found } = await describeTemporal(
    address,
    originOf(program, profile.root),
    `http://127.0.0.1:${ui}`,
  );
  // A build from source does not know its own version.
  return { ...found, version: `${cli === '0.0.0-DEV' || cli === undefined ? TEMPORAL_CLI_VERSION : cli} (${version})` };
}

function originOf(program: string, root: string): string {
  if (!program.startsWith(cacheFolder(root))) return 'temporal on PATH';
  // Only a build leaves a log beside the program.
  return existsSync(join(dirname(program), 'build.log')) ? 'compiled with Go, cached' : 'downloaded, cached';
}

async function describeTemporal(address: string, from: string, ui: string): Promise<Found> {
  const version = await serverVersion(address).catch((error: Error) => {
    throw new Error(`no Temporal server answers there: ${error.message}`);
  });
  return {
    from,
    version: `server ${version}`,
    address: ui === '' ? address : `${address}, UI ${ui}`,
    env: { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: 'default', ...(ui === '' ? {} : { TEMPORAL_UI_URL: ui }) },
  };
}

/** Answers once the default namespace can be used. */
export async function serverVersion(address: string): Promise<string> {
  const connection = await Connection.connect({ address, connectTimeout: '3s' });
  try {
    await connection.workflowService.describeNamespace({ namespace: 'default' });
    const { serverVersion: version } = await connection.workflowService.getSystemInfo({});
    return version;
  } finally {
    await connection.close();
  }
}

/**
 * A call that SQLite was asked to break off can leave its only connection broken off for good.
 * @returns what such a server says, or nothing
 * @throws when no server answers: that may be a start
 */
export async function lostDatabase(address: string, namespace = 'default'): Promise<string | undefined> {
  // Without the client's own repeats, which would hide what the server says for 20 s.
  const connection = await Connection.connect({ address, connectTimeout: '3s', interceptors: [] });
  try {
    await connection.withDeadline(Date.now() + 3_000, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
    return undefined;
  } catch (error) {
    const said = (error as Error).message;
    return /interrupted \(9\)|Namespace \S+ is not found/.test(said) ? said : undefined;
  } finally {
    await connection.close();
  }
}

function causeOf(error: Error): string {
  const cause = error.cause instanceof Error ? error.cause : error;
  return cause.message;
}
