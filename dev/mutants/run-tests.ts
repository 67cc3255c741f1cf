import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { JestResults } from '../launcher/verdict.js';

export interface TestRun {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly files: readonly string[];
  readonly only: string | null;
  /** Its abort ends jest. */
  readonly signal: AbortSignal;
}

/** A mutant may make a test wait for ever. */
const TEST_MS = 30_000;
const RUN_MS = 240_000;
const FURTHER_FILE_MS = 15_000;

/** What jest says, with the end of its output; null when it did not end in time. */
export async function runTests(run: TestRun): Promise<{ results: JestResults; output: string } | null> {
  const file = join(run.folder, 'jest-results.json');
  rmSync(file, { force: true });
  const jest = join(createRequire(import.meta.url).resolve('jest/package.json'), '..', 'bin', 'jest.js');
  const child = spawn(
    process.execPath,
    [
      ...['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', jest],
      ...['--json', `--outputFile=${file}`, `--testTimeout=${TEST_MS}`, '--forceExit', '--silent'],
      ...(run.only === null ? [] : ['-t', run.only]),
      ...['--runTestsByPath', ...run.files],
    ],
    {
      cwd: run.folder,
      env: { ...process.env, ...run.env },
      stdio: ['ignore', 'ignore', 'pipe'],
      signal: AbortSignal.any([run.signal, AbortSignal.timeout(RUN_MS + FURTHER_FILE_MS * (run.files.length - 1))]),
      killSignal: 'SIGKILL',
    },
  );
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-8_000)));
  child.on('error', () => undefined);
  await new Promise((resolve) => child.once('close', resolve));
  try {
    return { results: JSON.parse(readFileSync(file, 'utf8')) as JestResults, output };
  } catch {
    return null;
  }
}
