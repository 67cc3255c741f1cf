import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const READY_WITHIN_MS = 60_000;
const GRACE_MS = 30_000;
const LINES_KEPT = 40;

export interface ChildProgram {
  /** Below the root of the repository. */
  readonly file: string;
  readonly env: Readonly<Record<string, string>>;
  /** Answers true once the process can be used; an exception means not yet. */
  ready(): Promise<boolean>;
}

export interface RunningChild {
  readonly pid: number;
  /** All that it has written so far. */
  output(): string;
  /** SIGTERM, and the end awaited. */
  stop(): Promise<void>;
  /** SIGKILL: it gets no chance to tidy up. */
  kill(): Promise<void>;
}

/** Runs a program of ours to its end. */
export async function runProcess(file: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, ['--import', 'tsx', file, ...args], {
    cwd: ROOT,
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, output };
}

/** Starts a program of ours as a process of its own and waits until it is ready. @throws with its last lines when it never is */
export async function startProcess({ file, env, ready }: ChildProgram): Promise<RunningChild> {
  const child = spawn(process.execPath, ['--import', 'tsx', file], {
    cwd: ROOT,
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => lines.push(text));
  let running = true;
  const ended = new Promise<void>((resolve) =>
    child.once('exit', () => {
      running = false;
      resolve();
    }),
  );
  const { pid } = child;
  if (pid === undefined) throw new Error(`${file} could not be started`);

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (running) child.kill(signal);
    if (await Promise.race([ended.then(() => true), sleep(GRACE_MS, false, { ref: false })])) return;
    child.kill('SIGKILL');
    await ended;
  }

  for (const until = Date.now() + READY_WITHIN_MS; ; await sleep(100)) {
    if (running && (await ready().catch(() => false))) break;
    if (running && Date.now() < until) continue;
    await end('SIGKILL');
    throw new Error(`${file} was not ready; its last lines:\n${lines.slice(-LINES_KEPT).join('')}`);
  }
  return { pid, output: () => lines.join(''), stop: () => end('SIGTERM'), kill: () => end('SIGKILL') };
}
