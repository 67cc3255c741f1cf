// The lock file names no registry, so that it installs from whichever one npm is configured for; every dependency is
// pinned; and it lists the packages of every platform, also those that the registry in use when it was written does not
// have, because `npm ci` refuses a lock file that leaves an optional dependency out. `--fix` adds them.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface LockedPackage {
  readonly version?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface LockFile {
  packages: Record<string, LockedPackage>;
}

const root = join(import.meta.dirname, '..', '..');
const lockFile = join(root, 'package-lock.json');
const EXACT = /^\d+\.\d+\.\d+(-[\w.]+)?$/;

const OS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const CPU = ['arm64', 'arm', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64', 'wasm32'];

function namesRegistry(text: string): string[] {
  return [...text.matchAll(/^.*"resolved": *"(?!file:).*$|^.*https?:\/\/[^"]*\.tgz.*$/gm)].map(
    ([line]) => `package-lock.json names a registry: ${line.trim()}`,
  );
}

function unpinned(): string[] {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<
    string,
    Record<string, string>
  >;
  return Object.entries({ ...manifest['dependencies'], ...manifest['devDependencies'] })
    .filter(([, version]) => !EXACT.test(version))
    .map(([name, version]) => `package.json does not pin ${name}: ${version}`);
}

/** The optional dependencies that the lock file leaves out, as entries for it. */
function leftOut({ packages }: LockFile): [path: string, entry: LockedPackage][] {
  return Object.entries(packages).flatMap(([path, { optionalDependencies }]) =>
    Object.entries(optionalDependencies ?? {})
      .filter(([name]) => !isLocked(packages, path, name))
      .map(([name, version]): [string, LockedPackage] => [`node_modules/${name}`, entryFor(name, version)]),
  );
}

/** Node's own way up: the nearest node_modules wins. */
function isLocked(packages: LockFile['packages'], path: string, name: string): boolean {
  for (let folder = path; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    if (packages[`${folder === '' ? '' : `${folder}/`}node_modules/${name}`] !== undefined) return true;
    if (folder === '') return false;
  }
}

/** Its platform is in its name; without a checksum, because the registry did not have it. */
function entryFor(name: string, version: string): LockedPackage {
  const words = name.split(/[/-]/);
  const os = OS.find((candidate) => words.includes(candidate));
  const cpu = CPU.find((candidate) => words.includes(candidate));
  if (os === undefined || cpu === undefined || !EXACT.test(version))
    throw new Error(`package-lock.json leaves out ${name}@${version}, whose platform its name does not tell`);
  const libc = words.includes('musl') ? ['musl'] : words.includes('gnu') ? ['glibc'] : undefined;
  return { version, cpu: [cpu], ...(libc === undefined ? {} : { libc }), optional: true, os: [os] } as LockedPackage;
}

function complete(lock: LockFile, missing: readonly [string, LockedPackage][]): void {
  const entries = Object.entries({ ...lock.packages, ...Object.fromEntries(missing) });
  lock.packages = Object.fromEntries(entries.toSorted(([a], [b]) => a.localeCompare(b, 'en')));
  writeFileSync(lockFile, `${JSON.stringify(lock, null, 2)}\n`);
}

const text = readFileSync(lockFile, 'utf8');
const lock = JSON.parse(text) as LockFile;
const missing = leftOut(lock);
if (process.argv.includes('--fix') && missing.length > 0) complete(lock, missing.splice(0));
const problems = [
  ...namesRegistry(text),
  ...unpinned(),
  ...missing.map(([path]) => `package-lock.json leaves out ${path}: npm run check -- --fix lockfile`),
];
if (problems.length > 0) {
  process.stderr.write(`${problems.slice(0, 10).join('\n')}\n`);
  process.exitCode = 1;
}
