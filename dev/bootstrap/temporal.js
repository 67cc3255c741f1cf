// Temporal's programs are the slowest to get, so getting them starts before anything else.
import { execFile, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cacheFolder, findOnPath, isExecutable } from './folders.js';
import { withLock } from './lock.js';
import { tail } from './npm.js';

const run = promisify(execFile);

export const TEMPORAL_CLI_VERSION = '1.5.1';
/** Update-with-start needs it. */
const OLDEST_SERVER = [1, 27];

/**
 * A Temporal CLI that needs no work: on PATH and recent enough, or in the cache.
 * @param {string} root
 * @returns {Promise<string | undefined>}
 */
export async function findTemporal(root) {
  const onPath = findOnPath('temporal');
  if (onPath !== undefined && (await isNewEnough(onPath))) return onPath;
  const cached = join(temporalFolder(root), 'temporal');
  return isExecutable(cached) ? cached : undefined;
}

/**
 * The program as Temporal's SDKs download it.
 * @param {string} root
 * @param {'cli' | 'temporal-test-server'} artifact
 * @param {string} version
 * @returns {Promise<string>}
 */
export async function downloadFromTemporal(root, artifact, version) {
  const folder = join(cacheFolder(root), `${artifact}-${version}`);
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  const query = new URLSearchParams({
    platform: process.platform,
    arch,
    'sdk-name': 'sdk-typescript',
    'sdk-version': '1.24.0',
  });
  const lookup = await fetch(`https://temporal.download/${artifact}/${version}?${query}`, {
    signal: AbortSignal.timeout(8_000),
  });
  if (!lookup.ok) throw new Error(`the download service answered ${lookup.status}`);
  const { archiveUrl, fileToExtract } = /** @type {{ archiveUrl: string, fileToExtract: string }} */ (
    await lookup.json()
  );
  const archive = await fetch(archiveUrl, { signal: AbortSignal.timeout(300_000) });
  if (!archive.ok) throw new Error(`the download answered ${archive.status}`);
  const draft = `${folder}.${process.pid}`;
  mkdirSync(draft, { recursive: true });
  try {
    const file = join(draft, 'archive');
    writeFileSync(file, Buffer.from(await archive.arrayBuffer()));
    await (archiveUrl.split('?')[0]?.endsWith('.zip')
      ? run('unzip', ['-q', '-o', file, '-d', draft])
      : run('tar', ['-xzf', file, '-C', draft]));
    mkdirSync(folder, { recursive: true });
    const program = join(folder, artifact === 'cli' ? 'temporal' : artifact);
    renameSync(join(draft, fileToExtract), program);
    return program;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/**
 * Downloads the CLI into the cache.
 * @param {string} root
 * @param {() => void} [onWait] called when another process is getting it already
 * @returns {Promise<string>}
 */
export function downloadTemporal(root, onWait) {
  return obtain(root, onWait, () => downloadFromTemporal(root, 'cli', `v${TEMPORAL_CLI_VERSION}`));
}

/**
 * Compiles the CLI into the cache: minutes, once for all clones.
 * @param {string} root
 * @param {() => void} [onWait] called when another process is getting it already
 * @returns {Promise<string>}
 */
export function buildTemporal(root, onWait) {
  return obtain(root, onWait, () =>
    goInstall(`github.com/temporalio/cli/cmd/temporal@v${TEMPORAL_CLI_VERSION}`, temporalFolder(root), 'temporal'),
  );
}

/**
 * On PATH, or where its installers put it.
 * @returns {string | undefined}
 */
export function findGo() {
  return findOnPath('go') ?? ['/usr/local/go/bin/go', '/opt/homebrew/bin/go'].find(isExecutable);
}

/**
 * `go install` into a folder of its own, so that a broken build leaves nothing half-made behind.
 * @param {string} module
 * @param {string} folder
 * @param {string} binary what the module's program is called
 * @returns {Promise<string>}
 */
export async function goInstall(module, folder, binary) {
  const go = findGo();
  if (go === undefined) throw new Error('Go is not installed');
  const draft = `${folder}.${process.pid}`;
  mkdirSync(draft, { recursive: true });
  mkdirSync(folder, { recursive: true });
  const log = join(folder, 'build.log');
  const output = openSync(log, 'w');
  const child = spawn(go, ['install', module], {
    env: { ...process.env, GOBIN: draft },
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  const stop = () => child.kill('SIGTERM');
  process.once('exit', stop);
  try {
    const code = await new Promise((resolve, reject) => child.on('error', reject).on('exit', resolve));
    if (code !== 0) throw new Error(`go install ${module} failed:\n${tail(log)}`);
    renameSync(join(draft, binary), join(folder, binary));
    return join(folder, binary);
  } finally {
    process.off('exit', stop);
    rmSync(draft, { recursive: true, force: true });
  }
}

/**
 * Begins to get the CLI in a process of its own while dependencies install; whoever needs it later waits for the lock.
 * @param {string} root
 */
export function prefetchTemporal(root) {
  if (
    process.env['TEMPORAL_ADDRESS'] ||
    /temporal=(docker|environment)|^(docker|environment)$/.test(process.env['PERDURE_SERVICES'] ?? '')
  )
    return;
  if (isExecutable(join(temporalFolder(root), 'temporal'))) return;
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), root], { stdio: 'ignore', detached: true });
  child.unref();
  process.on('exit', () => {
    if (child.pid === undefined || child.exitCode !== null) return;
    try {
      process.kill(-child.pid, 'SIGTERM');
    } catch {
      // It had just finished.
    }
  });
}

/** @param {string} root */
function temporalFolder(root) {
  return join(cacheFolder(root), `cli-v${TEMPORAL_CLI_VERSION}`);
}

/** @param {string} root @param {(() => void) | undefined} onWait @param {() => Promise<string>} get */
function obtain(root, onWait, get) {
  const lock = join(cacheFolder(root), `cli-v${TEMPORAL_CLI_VERSION}.lock`);
  return withLock(lock, async () => (await findTemporal(root)) ?? get(), onWait);
}

/** @param {string} program */
async function isNewEnough(program) {
  try {
    const { stdout } = await run(program, ['--version'], { timeout: 10_000 });
    const [, major, minor] = /Server (\d+)\.(\d+)/.exec(stdout) ?? [];
    return Number(major) > Number(OLDEST_SERVER[0]) || Number(minor) >= Number(OLDEST_SERVER[1]);
  } catch {
    return false;
  }
}

async function dockerAnswers() {
  try {
    await run('docker', ['compose', 'version'], { timeout: 5_000 });
    await run('docker', ['info'], { timeout: 5_000 });
    return true;
  } catch {
    return false;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = process.argv[2] ?? process.cwd();
  if ((await findTemporal(root)) === undefined) {
    // An engine that answers comes before a build from source; whatever fails here is tried and told again by the launcher.
    await downloadTemporal(root)
      .catch(async () => ((await dockerAnswers()) ? undefined : buildTemporal(root)))
      .catch(() => undefined);
  }
}
