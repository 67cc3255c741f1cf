import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from './lock.js';
import { runNpm, tail } from './npm.js';

/**
 * Installs exactly what package-lock.json says, unless that is what is there.
 * @param {string} root
 * @returns {Promise<void>}
 */
export async function installDependencies(root) {
  if (isInstalled(root)) return;
  mkdirSync(join(root, '.perdure'), { recursive: true });
  await withLock(
    join(root, '.perdure', 'install.lock'),
    async () => {
      if (isInstalled(root)) return;
      const started = Date.now();
      const log = join(root, '.perdure', 'install.log');
      console.log('installing dependencies (npm ci)');
      if (!(await runNpm(['ci', '--no-audit', '--no-fund'], { cwd: root, log })))
        throw new Error(
          `npm ci failed; check that the npm registry can be reached. Its last lines (all in ${log}):\n${tail(log)}`,
        );
      writeStamp(root);
      console.log(`dependencies installed in ${Math.round((Date.now() - started) / 1000)} s`);
    },
    () => console.log('another process is installing the dependencies: waiting for it'),
  );
}

/** @param {string} root @returns {boolean} */
function isInstalled(root) {
  try {
    if (readFileSync(stampFile(root), 'utf8') === fingerprint(root)) return true;
  } catch {
    // Never stamped, or installed by hand.
  }
  if (!matchesLock(root)) return false;
  writeStamp(root);
  return true;
}

/**
 * Whether a plain `npm install` or `npm ci` left just what the lock file names.
 * @param {string} root
 * @returns {boolean}
 */
function matchesLock(root) {
  try {
    const wanted = readPackages(join(root, 'package-lock.json'));
    const present = readPackages(join(root, 'node_modules', '.package-lock.json'));
    return Object.entries(wanted).every(([path, { version, optional, devOptional }]) => {
      if (path === '') return true;
      const found = present[path];
      return found === undefined ? (optional ?? devOptional ?? false) : found.version === version;
    });
  } catch {
    return false;
  }
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, optional?: boolean, devOptional?: boolean }>}
 */
function readPackages(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}

/** @param {string} root */
function writeStamp(root) {
  writeFileSync(stampFile(root), fingerprint(root));
}

/** @param {string} root */
function stampFile(root) {
  return join(root, 'node_modules', '.perdure-stamp');
}

/** @param {string} root */
function fingerprint(root) {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  return `${process.platform}-${process.arch} ${lock}\n`;
}
