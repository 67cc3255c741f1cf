import { readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { tryLock, unlock } from '../bootstrap/lock.js';
import { announce, findOwner, lockFile, removeAnnouncement } from './announcement.js';
import { emptyComposed, requireDocker, stopComposed } from './compose.js';
import type { Console } from './console.js';
import { childEnvironment } from './environment.js';
import { keepAlive } from './keeper.js';
import type { Lifetime } from './lifetime.js';
import { emptyProfile, openProfile, profileFolder, type Profile } from './profile.js';
import { cleanUp, openRunBook, type RunBook } from './run-record.js';
import { resolveService, waysFor, type Resolved, type Service } from './service.js';
import { emptyPostgres } from './services/postgres-home.js';
import { createSupervisor, type Supervisor } from './supervisor.js';

/** The services of a profile, up and ready. */
export interface Services {
  readonly profile: string;
  readonly root: string;
  /** `.perdure/<profile>` */
  readonly folder: string;
  /** What every process of ours needs to use them; an empty value means: not there. */
  readonly env: Readonly<Record<string, string>>;
  readonly missing: readonly Resolved[];
}

export interface Session {
  readonly services: Services;
  readonly supervisor: Supervisor;
  /** Whether another launcher owns the services. */
  readonly attached: boolean;
}

export interface SessionOptions {
  readonly root: string;
  readonly profile: string;
  readonly services: readonly Service[];
  readonly fresh: boolean;
  /** What the services are up for, for those who find the profile in use. */
  readonly command: string;
  readonly nodeEnv: 'development' | 'test';
  /** Whether a missing service that others could do without is a failure. */
  readonly strict: boolean;
  /** Whether to go on without required services (their tests are skipped). */
  readonly lenient: boolean;
  /** Whether what ends by itself is started again. */
  readonly keptAlive?: boolean;
}

const NO_RECORD: RunBook = { add: () => undefined, remove: () => undefined, noteCompose: () => undefined };

/** Makes this process the owner of a profile, cleans up after a crashed one and starts the services. */
export async function openSession(options: SessionOptions, lifetime: Lifetime, console: Console): Promise<Session> {
  const { root, profile: name } = options;
  const folder = profileFolder(root, name);
  const plan = options.services.map((service) => ({ service, ways: waysFor(service, process.env) }));
  if (!tryLock(lockFile(folder))) {
    const owner = findOwner(root, name);
    throw new Error(
      `profile ${name} is in use by process ${owner?.pid ?? '?'} (${owner?.command ?? 'ending'}): stop that, or choose another with --profile`,
    );
  }
  lifetime.defer(() => unlock(lockFile(folder)));
  announce(folder, { command: options.command });
  lifetime.defer(() => removeAnnouncement(folder));
  const left = await cleanUp(folder, (project) => stopComposed(root, project));
  if (left.length > 0) console.line(`stopped what an earlier run left behind: ${left.join(', ')}`);
  if (options.fresh) await empty(root, name);

  const profile = openProfile(root, name);
  const book = openRunBook(folder);
  const logs = profile.subfolder('logs');
  // What was killed and comes back goes on in its log.
  if (options.keptAlive !== true || options.fresh) setLogsAside(logs);
  const plain = createSupervisor(logs, book);
  const supervisor = options.keptAlive === true ? keepAlive(plain, folder, console) : plain;
  lifetime.defer(async () => {
    await supervisor.stopAll();
    await cleanUp(folder, (project) => stopComposed(root, project));
  });
  const context = { profile, supervisor, book, env: process.env };
  const resolved = await Promise.all(plan.map(({ service, ways }) => resolveService(service, ways, context, console)));
  showServices(resolved, options.services, console);
  refuseMissing(resolved, options);

  const missing = resolved.filter((service) => service.found === undefined);
  const env = await childEnvironment(profile, resolved, options.nodeEnv);
  announce(folder, { command: options.command, up: { env, missing } });
  return { services: describeServices(profile, env, missing), supervisor, attached: false };
}

/** The services of a profile that another launcher has up; undefined when nobody has. */
export function attachSession(
  root: string,
  name: string,
  lifetime: Lifetime,
): (Session & { readonly command: string }) | undefined {
  const owner = findOwner(root, name);
  if (owner?.up === undefined) return undefined;
  const profile = openProfile(root, name);
  // The record is the owner's; what is started here ends with us.
  const supervisor = createSupervisor(profile.subfolder('logs'), NO_RECORD);
  lifetime.defer(() => supervisor.stopAll());
  const { env, missing } = owner.up;
  return { services: describeServices(profile, env, missing), supervisor, attached: true, command: owner.command };
}

function describeServices(
  profile: Profile,
  env: Readonly<Record<string, string>>,
  missing: readonly Resolved[],
): Services {
  return { profile: profile.name, root: profile.root, folder: profile.folder, env, missing };
}

function showServices(resolved: readonly Resolved[], services: readonly Service[], console: Console): void {
  console.line('');
  console.table(
    resolved.map(({ name, found }) => ({
      service: name,
      from: found?.from ?? 'not there',
      version: found?.version ?? '-',
      address: found?.address ?? '-',
    })),
  );
  console.line('');
  for (const { name, reason } of resolved) {
    if (reason === undefined) continue;
    const without = services.find((service) => service.name === name)?.without;
    console.line(without === undefined ? reason : `${reason}. Without it ${without}.`);
  }
}

function refuseMissing(resolved: readonly Resolved[], options: SessionOptions): void {
  const needed = resolved.filter(({ name, found }) => {
    if (found !== undefined || options.lenient) return false;
    return options.strict || options.services.find((service) => service.name === name)?.without === undefined;
  });
  if (needed.length > 0)
    throw new Error(`cannot go on without ${needed.map(({ name }) => name).join(', ')}: see above`);
}

/** The logs of the last run stay readable for one more. */
function setLogsAside(folder: string): void {
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.log') && !file.endsWith('.previous.log')))
    renameSync(join(folder, name), join(folder, name.replace(/log$/, 'previous.log')));
}

async function empty(root: string, name: string): Promise<void> {
  const { owner } = openProfile(root, name);
  await requireDocker().then(
    () => emptyComposed(root, `perdure-${owner}`),
    () => undefined,
  );
  emptyPostgres(root, name);
  emptyProfile(root, name);
}
