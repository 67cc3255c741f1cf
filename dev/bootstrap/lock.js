// One at a time, across processes. A lock whose owner died is taken over.
import { mkdirSync, readFileSync, renameSync, linkSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identify, isRunning } from './processes.js';

/**
 * Takes the lock at once or not at all.
 * @param {string} file
 * @returns {boolean}
 */
export function tryLock(file) {
  mkdirSync(dirname(file), { recursive: true });
  for (let attempt = 0; attempt < 5; attempt += 1) {
    // Written aside and linked into place: nobody ever reads a half-written lock.
    const draft = `${file}.${process.pid}.draft`;
    writeFileSync(draft, JSON.stringify(identify(process.pid)));
    try {
      linkSync(draft, file);
      return true;
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
    } finally {
      rmSync(draft, { force: true });
    }
    const holder = readHolder(file);
    if (holder === 'gone') continue;
    if (holder.identity !== undefined && isRunning(holder.identity)) return false;
    removeIfStill(file, holder.text);
  }
  return false;
}

/**
 * Runs work while holding the lock; waits for another holder as long as that one lives.
 * @template T
 * @param {string} file
 * @param {() => Promise<T>} work
 * @param {() => void} [onWait] called once when somebody else holds it
 * @returns {Promise<T>}
 */
export async function withLock(file, work, onWait) {
  for (let told = false; !tryLock(file); await sleep(250)) {
    if (!told) onWait?.();
    told = true;
  }
  try {
    return await work();
  } finally {
    unlock(file);
  }
}

/** @param {string} file */
export function unlock(file) {
  rmSync(file, { force: true });
}

/**
 * The living process that holds the lock, if there is one.
 * @param {string} file
 * @returns {import('./processes.js').ProcessIdentity | undefined}
 */
export function lockHolder(file) {
  const holder = readHolder(file);
  if (holder === 'gone' || holder.identity === undefined) return undefined;
  return isRunning(holder.identity) ? holder.identity : undefined;
}

/**
 * @param {string} file
 * @returns {'gone' | { text: string, identity: import('./processes.js').ProcessIdentity | undefined }}
 */
function readHolder(file) {
  let text;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return 'gone';
  }
  try {
    return { text, identity: JSON.parse(text) };
  } catch {
    return { text, identity: undefined };
  }
}

/**
 * Two starters may find the same dead owner; the second must not remove the first one's new lock.
 * @param {string} file @param {string} text
 */
function removeIfStill(file, text) {
  const aside = `${file}.${process.pid}.stale`;
  try {
    renameSync(file, aside);
    if (readFileSync(aside, 'utf8') !== text) linkSync(aside, file);
  } catch {
    // Somebody else removed it first.
  } finally {
    rmSync(aside, { force: true });
  }
}
