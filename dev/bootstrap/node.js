import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { isExecutable } from './folders.js';
import { withLock } from './lock.js';
import { runNpm } from './npm.js';

const OLDEST = [22, 17];
const FETCHED = '24.21.0';

/** @param {string} version @returns {boolean} */
export function isRecentEnough(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > Number(OLDEST[0]) || (major === OLDEST[0] && minor >= Number(OLDEST[1]));
}

/**
 * The path of a recent Node in .perdure, fetched from npm's `node` package when it is not there yet.
 * @param {string} root
 * @returns {Promise<string>}
 */
export async function findNode(root) {
  const folder = join(root, '.perdure', 'node24');
  const candidates = [
    join(folder, 'node_modules', 'node', 'bin', 'node'),
    join(folder, 'node_modules', platformPackage(), 'bin', 'node'),
  ];
  const present = candidates.find(isExecutable);
  if (present !== undefined) return present;
  return withLock(join(root, '.perdure', 'node24.lock'), async () => {
    const meanwhile = candidates.find(isExecutable);
    if (meanwhile !== undefined) return meanwhile;
    console.log(
      `node ${process.versions.node} is older than ${OLDEST.join('.')}: fetching node ${FETCHED} into .perdure`,
    );
    mkdirSync(folder, { recursive: true });
    const log = join(root, '.perdure', 'node24.log');
    // npm's `node` package links its binary in an install script, which npm may be told to block: then the package
    // for this platform, which holds the binary itself, does as well.
    for (const name of ['node', platformPackage()]) {
      writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, allowScripts: { node: true } }));
      await runNpm(['install', '--no-audit', '--no-fund', '--no-package-lock', `${name}@${FETCHED}`], {
        cwd: folder,
        log,
      });
      const fetched = candidates.find(isExecutable);
      if (fetched !== undefined) return fetched;
    }
    throw new Error(
      `could not fetch node ${FETCHED} (see ${log}); install Node ${OLDEST.join('.')} or newer and run this again`,
    );
  });
}

/**
 * Runs this program again on another Node and answers its exit code. The other one stops when this one is killed,
 * because the channel between them closes.
 * @param {string} node
 * @param {readonly string[]} args
 * @returns {Promise<number>}
 */
export function rerunOn(node, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(node, args, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
    for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
      process.on(signal, () => child.connected && child.send({ stop: signal }));
    }
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 1)));
  });
}

function platformPackage() {
  const prefix = process.platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node';
  return `${prefix}-${process.platform}-${process.arch}`;
}
