// Which process is ours: a process id alone is not enough, because the system gives it away again.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** @typedef {{ readonly pid: number, readonly started: string, readonly command: string }} ProcessIdentity */

/**
 * Who has this process id now, or undefined when nobody (a zombie counts as nobody).
 * @param {number} pid
 * @returns {ProcessIdentity | undefined}
 */
export function identify(pid) {
  return process.platform === 'linux' ? identifyByProc(pid) : identifyByPs(pid);
}

/**
 * Whether the recorded process still runs and is the one that was recorded.
 * @param {ProcessIdentity} recorded
 * @returns {boolean}
 */
export function isRunning(recorded) {
  const now = identify(recorded.pid);
  return now !== undefined && now.started === recorded.started && now.command === recorded.command;
}

/**
 * Asks a process that leads a group of ours to end. Its children are its own business: some of them, told twice, would
 * not finish what they are doing.
 * @param {number} pid
 * @param {NodeJS.Signals} signal
 */
export function signalLeader(pid, signal) {
  signalQuietly(pid, signal);
}

/**
 * Ends what is left of a process group of ours.
 * @param {number} leader
 */
export function killGroup(leader) {
  signalQuietly(-leader, 'SIGKILL');
}

/** @param {number} target @param {NodeJS.Signals} signal */
function signalQuietly(target, signal) {
  try {
    process.kill(target, signal);
  } catch {
    // It is gone already.
  }
}

/** @param {number} pid @returns {ProcessIdentity | undefined} */
function identifyByProc(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may itself hold blanks and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    return { pid, started: `${boot}/${fields[19]}`, command };
  } catch {
    return undefined;
  }
}

/** @param {number} pid @returns {ProcessIdentity | undefined} */
function identifyByPs(pid) {
  try {
    const line = execFileSync('ps', ['-o', 'stat=,lstart=,command=', '-p', String(pid)], {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    // stat, then lstart as five words (Sun Nov 21 11:06:00 2026), then the command
    const words = line.split(/\s+/);
    if (words.length < 7 || words[0]?.startsWith('Z')) return undefined;
    return { pid, started: words.slice(1, 6).join(' '), command: words.slice(6).join(' ') };
  } catch {
    return undefined;
  }
}
