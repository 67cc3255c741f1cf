import { fork, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning } from '../../dev/bootstrap/processes.js';
import { findOwner } from '../../dev/launcher/announcement.js';
import { APIS, CHAOS_ENV, WORKERS } from '../../dev/launcher/commands/chaos-shop.js';
import type { Console } from '../../dev/launcher/console.js';
import { wish, type Wish } from '../../dev/launcher/keeper.js';
import { profileFolder } from '../../dev/launcher/profile.js';
import { livingProcesses } from '../../dev/launcher/run-record.js';
import { pidsBelow } from '../processes.js';
import { wakeAll } from './wake.js';

/** The shop under a launcher of its own, and what can be done to its processes. */
export interface Shop {
  /** `.perdure/chaos` */
  readonly folder: string;
  /** What every process of ours finds in its environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly apiPorts: Readonly<Record<string, number>>;
  /** Starts the launcher on what is there and waits until everything is up. */
  start(options?: { readonly fresh: boolean }): Promise<void>;
  has(name: string): boolean;
  /** @throws Error where it is down */
  pid(name: string): number;
  /** SIGKILL for a process and all below it. */
  kill(name: string): void;
  /** SIGKILL for the launcher and everything it started. */
  killAll(): Promise<void>;
  freeze(name: string): void;
  wake(name: string): void;
  /** Asks a process to end, and waits until it has. */
  end(name: string): Promise<void>;
  wish(name: string, wanted?: Wish): void;
  /** What was wished for last. */
  wishOf(name: string): Wish | undefined;
  /** Everything down, in order. */
  stop(): Promise<void>;
}

export interface ShopPlace {
  readonly root: string;
  /** The balancer's. */
  readonly port: number;
  /** Beside what it finds by itself. */
  readonly env: Readonly<Record<string, string>>;
  readonly console: Console;
  /** The launcher ended by itself. */
  readonly onEnd: (code: number | null) => void;
}

export const PROFILE = 'chaos';

const UP_WITHIN_MS = 240_000;
/** With caches that are empty, programs are downloaded and compiled first. */
const FIRST_UP_WITHIN_MS = 1_200_000;
const GONE_WITHIN_MS = 60_000;

export function createShop({ root, port, env, console, onEnd }: ShopPlace): Shop {
  const folder = profileFolder(root, PROFILE);
  const origin = `http://127.0.0.1:${port}`;
  const frozen = new Map<string, number>();
  const wishes = new Map<string, Wish>();
  let launcher: ChildProcess | undefined;
  let expected = false;
  let closed = false;

  const find = (name: string) => livingProcesses(folder).find((process) => process.name === name);

  function pid(name: string): number {
    const found = find(name);
    if (found === undefined) throw new Error(`${name} is down`);
    return found.pid;
  }

  function signal(pids: readonly number[], name: NodeJS.Signals): void {
    for (const each of pids) {
      try {
        process.kill(each, name);
      } catch {
        // It is gone already.
      }
    }
  }

  /** Those below may be made while we look. */
  function signalTree(root: number, name: NodeJS.Signals): void {
    signal([root], name);
    for (let round = 0; round < 2; round += 1) signal(pidsBelow(root), name);
  }

  async function start({ fresh } = { fresh: false }): Promise<void> {
    if (closed) throw new Error('the shop is closed');
    // A run that was killed may have left some frozen, whom nobody can clean up.
    if (fresh) wakeAll(folder);
    expected = false;
    const child = fork(
      join(root, 'dev', 'run.js'),
      ['chaos-shop', '--profile', PROFILE, ...(fresh ? ['--fresh'] : [])],
      {
        cwd: root,
        detached: true,
        execArgv: [],
        env: { ...process.env, PORT: String(port), PUBLIC_URL: origin, PERDURE_PROFILE: PROFILE, ...env },
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      },
    );
    launcher = child;
    const lines: string[] = [];
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        lines.push(text);
        if (lines.length > 200) lines.shift();
      });
    const ended = new Promise<never>((_resolve, reject) =>
      child.once('exit', (code) => {
        if (launcher !== child) return;
        launcher = undefined;
        reject(
          new Error(`the shop's launcher ended with code ${code}; its last words:\n${lines.join('').slice(-3_000)}`),
        );
        if (!expected) onEnd(code);
      }),
    );
    ended.catch(() => undefined);
    const up = new Promise<void>((resolve) => child.on('message', () => resolve()));
    const patience = fresh ? FIRST_UP_WITHIN_MS : UP_WITHIN_MS;
    const late = sleep(patience, 'late' as const, { ref: false });
    if ((await Promise.race([up, ended, late])) === 'late')
      throw new Error(`the shop was not up within ${patience / 1_000} s:\n${lines.join('').slice(-3_000)}`);
    console.step('shop', 'up');
  }

  /** What a launcher that is gone has left. */
  async function endAll(): Promise<void> {
    for (const { pid: each } of livingProcesses(folder)) signalTree(each, 'SIGKILL');
    for (const end = Date.now() + GONE_WITHIN_MS; Date.now() < end; await sleep(50))
      if (livingProcesses(folder).length === 0) return;
  }

  return {
    folder,
    get env() {
      return { ...findOwner(root, PROFILE)?.up?.env, ...CHAOS_ENV };
    },
    get apiPorts() {
      const ports = JSON.parse(readFileSync(join(folder, 'ports.json'), 'utf8')) as Record<string, number>;
      return Object.fromEntries(APIS.map((name) => [name, ports[name] ?? 0]));
    },
    start,
    has: (name) => find(name) !== undefined || [...APIS, ...WORKERS].includes(name),
    pid,
    kill: (name) => signalTree(pid(name), 'SIGKILL'),
    async killAll() {
      expected = true;
      // The launcher first, or it would start again what is killed.
      const all = livingProcesses(folder).map((process) => process.pid);
      const below = all.flatMap(pidsBelow);
      if (launcher?.pid !== undefined) signal([launcher.pid], 'SIGKILL');
      signal(below, 'SIGKILL');
      for (const each of all) signalTree(each, 'SIGKILL');
      for (const end = Date.now() + GONE_WITHIN_MS; Date.now() < end; await sleep(50))
        if (livingProcesses(folder).length === 0 && launcher === undefined) return;
      throw new Error('what was killed is still there');
    },
    freeze(name) {
      const root = pid(name);
      signalTree(root, 'SIGSTOP');
      frozen.set(name, root);
    },
    wake(name) {
      const root = frozen.get(name);
      if (root !== undefined) signalTree(root, 'SIGCONT');
      frozen.delete(name);
    },
    async end(name) {
      const process = find(name);
      if (process === undefined) return;
      signal([process.pid], process.stopSignal);
      for (const end = Date.now() + GONE_WITHIN_MS; Date.now() < end; await sleep(50)) if (!isRunning(process)) return;
      signalTree(process.pid, 'SIGKILL');
    },
    wish(name, wanted) {
      wish(folder, name, wanted);
      if (wanted === undefined) wishes.delete(name);
      else wishes.set(name, wanted);
    },
    wishOf: (name) => wishes.get(name),
    async stop() {
      [closed, expected] = [true, true];
      for (const root of frozen.values()) signalTree(root, 'SIGCONT');
      const child = launcher;
      if (child === undefined) return endAll();
      const gone = new Promise((resolve) => child.once('exit', resolve));
      if (child.connected) child.send({ stop: 'chaos is over' });
      else child.kill('SIGTERM');
      if ((await Promise.race([gone, sleep(GONE_WITHIN_MS, 'late', { ref: false })])) !== 'late') return;
      child.kill('SIGKILL');
      await endAll();
    },
  };
}
