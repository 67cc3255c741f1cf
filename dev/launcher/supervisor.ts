import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tail } from '../bootstrap/npm.js';
import { identify, killGroup, signalLeader } from '../bootstrap/processes.js';
import type { RecordedProcess, RunBook } from './run-record.js';

/** Waiting longer would not help. */
export class NeverReady extends Error {}

export interface ProcessSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
  /** The terminal instead of the log file. */
  readonly inherit?: boolean;
  /** The terminal for its input too. In our own group, as a group of its own may not read from it; Ctrl-C reaches both. */
  readonly foreground?: boolean;
  readonly stopSignal?: NodeJS.Signals;
  readonly graceMs?: number;
  /** Lower ranks stop first: 0 applications, 1 services, 2 the database. */
  readonly rank?: number;
  /** Answers when the process can be used; undefined or an exception means not yet, NeverReady means never. */
  readonly probe?: () => Promise<unknown>;
  readonly readyWithinMs?: number;
  /** Why a process that runs and answers is of no use any more; for those that are kept alive. */
  readonly ailment?: () => Promise<string | undefined>;
  /** For processes that may end by themselves. */
  readonly mayEnd?: boolean;
}

export interface RunningProcess {
  readonly name: string;
  readonly pid: number;
  readonly log: string;
  /** The exit code; 128 and more for a signal. */
  readonly ended: Promise<number>;
  lastLines(): string;
  stop(): Promise<void>;
}

export interface Supervisor {
  /** Starts a process, in a group of its own unless in the foreground, and waits until its probe answers; failing that, stops it and throws with its last lines. */
  start(spec: ProcessSpec): Promise<RunningProcess>;
  /** Stops everything started here, rank by rank. Harmless when repeated. */
  stopAll(): Promise<void>;
  /** Called when a process that should stay ends by itself. */
  onUnexpectedEnd(listener: (name: string, code: number, lastLines: string) => void): void;
}

export function createSupervisor(logs: string, book: RunBook): Supervisor {
  const running = new Map<number, { readonly recorded: RecordedProcess; readonly stop: () => Promise<void> }>();
  const listeners: ((name: string, code: number, lastLines: string) => void)[] = [];
  let stopping = false;
  mkdirSync(logs, { recursive: true });

  async function start(spec: ProcessSpec): Promise<RunningProcess> {
    if (stopping) throw new Error(`${spec.name} was not started: everything is being stopped`);
    const log = join(logs, `${spec.name}.log`);
    const child = spawnProcess(spec, log);
    const pid = await pidOf(child, spec);
    const recorded: RecordedProcess = {
      ...(identify(pid) ?? { pid, started: '', command: '' }),
      name: spec.name,
      stopSignal: spec.stopSignal ?? 'SIGTERM',
      graceMs: spec.graceMs ?? 10_000,
      rank: spec.rank ?? 1,
    };
    book.add(recorded);
    let ready = spec.probe === undefined;
    let ending = false;
    const ended = new Promise<number>((resolve) => {
      child.once('exit', (code, signal) => {
        // The leader may have left children of its own behind.
        if (spec.foreground !== true) killGroup(pid);
        running.delete(pid);
        book.remove(pid);
        const answer = code ?? 128 + signalNumber(signal);
        if (ready && !ending && !stopping && spec.mayEnd !== true)
          for (const listener of listeners) listener(spec.name, answer, tail(log));
        resolve(answer);
      });
    });
    const stop = async (): Promise<void> => {
      ending = true;
      await endProcess(recorded, ended, () =>
        spec.foreground === true ? signalLeader(pid, 'SIGKILL') : killGroup(pid),
      );
    };
    running.set(pid, { recorded, stop });
    if (spec.probe !== undefined) {
      try {
        await waitUntilReady(spec, spec.probe, ended);
        ready = true;
        // Some programs rename themselves once they run.
        book.add({ ...recorded, ...identify(pid) });
      } catch (error) {
        await stop();
        throw new Error(`${(error as Error).message} (log: ${log})\n${tail(log)}`);
      }
    }
    return { name: spec.name, pid, log, ended, stop, lastLines: () => tail(log) };
  }

  async function stopAll(): Promise<void> {
    stopping = true;
    while (running.size > 0) {
      const rank = Math.min(...[...running.values()].map(({ recorded }) => recorded.rank));
      await Promise.all(
        [...running.values()].filter(({ recorded }) => recorded.rank === rank).map(({ stop }) => stop()),
      );
    }
  }

  return { start, stopAll, onUnexpectedEnd: (listener) => listeners.push(listener) };
}

/** Asks a process to end and insists after its grace; done when its leader has ended. */
async function endProcess(process: RecordedProcess, ended: Promise<number>, kill: () => void): Promise<void> {
  signalLeader(process.pid, process.stopSignal);
  if (await Promise.race([ended.then(() => true), sleep(process.graceMs, false, { ref: false })])) return;
  kill();
  await ended;
}

function spawnProcess(spec: ProcessSpec, log: string): ChildProcess {
  const foreground = spec.foreground === true;
  const output = foreground || spec.inherit === true ? 'inherit' : openSync(log, 'a');
  const options: SpawnOptions = {
    // Its own group: Ctrl-C in the terminal reaches the launcher alone, which stops things in order.
    detached: !foreground,
    stdio: [foreground ? 'inherit' : 'ignore', output, output],
    env: { ...process.env, ...spec.env },
  };
  if (spec.cwd !== undefined) options.cwd = spec.cwd;
  if (spec.uid !== undefined) options.uid = spec.uid;
  if (spec.gid !== undefined) options.gid = spec.gid;
  const child = spawn(spec.command, spec.args, options);
  if (typeof output === 'number') closeSync(output);
  return child;
}

function pidOf(child: ChildProcess, spec: ProcessSpec): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new Error(`${spec.name} could not be started: ${error.message}`)));
    if (child.pid !== undefined) resolve(child.pid);
  });
}

async function waitUntilReady(spec: ProcessSpec, probe: () => Promise<unknown>, ended: Promise<number>): Promise<void> {
  const limit = spec.readyWithinMs ?? 60_000;
  const end = Date.now() + limit;
  let exit: number | undefined;
  void ended.then((code) => (exit = code));
  for (let pause = 50; Date.now() < end; pause = Math.min(pause * 1.5, 500)) {
    if (exit !== undefined) throw new Error(`${spec.name} ended with code ${exit} before it was ready`);
    if (await answers(probe)) return;
    await Promise.race([sleep(pause), ended]);
  }
  throw new Error(`${spec.name} was not ready within ${limit / 1000} s`);
}

async function answers(probe: () => Promise<unknown>): Promise<boolean> {
  try {
    const answer = await probe();
    return answer !== undefined && answer !== false;
  } catch (error) {
    if (error instanceof NeverReady) throw error;
    return false;
  }
}

function signalNumber(signal: NodeJS.Signals | null): number {
  return { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 }[String(signal)] ?? 1;
}
