import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { jestArguments, readResults } from '../jest.js';
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
  const child = spawn(
    process.execPath,
    jestArguments(file, [
      ...[`--testTimeout=${TEST_MS}`, '--forceExit', '--silent'],
      ...(run.only === null ? [] : ['-t', run.only]),
      ...['--runTestsByPath', ...run.files],
    ]),
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
  const results = readResults(file);
  return results === undefined ? null : { results, output };
}
