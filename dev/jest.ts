import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { JestResults } from './launcher/verdict.js';

/** A call of jest, for node, that leaves its results in a file. */
export const jestArguments = (results: string, options: readonly string[]): string[] => [
  ...['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
  join(createRequire(import.meta.url).resolve('jest/package.json'), '..', 'bin', 'jest.js'),
  ...['--json', `--outputFile=${results}`, ...options],
];

/** Undefined where it left none. */
export function readResults(file: string): JestResults | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as JestResults;
  } catch {
    return undefined;
  }
}
