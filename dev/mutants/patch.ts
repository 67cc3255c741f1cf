import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

export const MUTANTS_FOLDER = join('tests', 'mutants');

/** A small change that breaks one rule, and the test that must notice. */
export interface Mutant {
  readonly name: string;
  /** Below the root of the repository. */
  readonly file: string;
  /** What it breaks, in plain words. */
  readonly rule: string;
  readonly test: string;
  /** Jest's `-t`: only the tests whose names match; null runs the whole file. */
  readonly only: string | null;
  readonly touches: readonly string[];
}

/** All of them, or those whose name contains one of the words. @throws Error naming what its header lacks */
export function readMutants(root: string, words: readonly string[] = []): Mutant[] {
  return readdirSync(join(root, MUTANTS_FOLDER))
    .filter((name) => name.endsWith('.patch'))
    .toSorted()
    .filter((name) => words.length === 0 || words.some((word) => name.includes(word)))
    .map((name) => parseMutant(join(MUTANTS_FOLDER, name), readFileSync(join(root, MUTANTS_FOLDER, name), 'utf8')));
}

export function parseMutant(file: string, text: string): Mutant {
  const [head = ''] = text.split(/^diff --git /m, 1);
  const field = (name: string): string | null => new RegExp(`^${name}: (.+)$`, 'm').exec(head)?.[1]?.trim() ?? null;
  const [rule, test] = [field('Rule'), field('Test')];
  if (rule === null || test === null)
    throw new Error(`${file} needs the lines "Rule: …" and "Test: …" before its diff`);
  const touches = [...text.matchAll(/^\+\+\+ b\/(.+)$/gm)].map(([, path = '']) => path);
  if (touches.length === 0) throw new Error(`${file} changes no file`);
  return { name: basename(file, '.patch'), file, rule, test, only: field('Only'), touches };
}
