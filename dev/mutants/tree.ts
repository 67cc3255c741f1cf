import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Mutant } from './patch.js';

const run = promisify(execFile);

/** A copy of the working tree in which one mutant at a time is at work; packages are found in the folders above. */
export interface Tree {
  readonly folder: string;
  /** False: the patch does not apply. */
  apply(mutant: Mutant): Promise<boolean>;
  restore(mutant: Mutant): void;
  remove(): void;
}

export async function copyTree(root: string, folder: string): Promise<Tree> {
  rmSync(folder, { recursive: true, force: true });
  const listed = await run('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: root,
    maxBuffer: 16 * 1024 * 1024,
  });
  const copy = (file: string): void => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(root, file), join(folder, file), { force: true });
  };
  for (const file of listed.stdout.split('\0').filter((name) => name !== '')) copy(file);
  return {
    folder,
    apply: (mutant) => applies(folder, join(root, mutant.file), []),
    restore: ({ touches }) => touches.forEach(copy),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** `git apply` in a folder, whichever repository is above it. */
export async function applies(folder: string, patch: string, options: readonly string[]): Promise<boolean> {
  try {
    await run('git', ['apply', ...options, patch], {
      cwd: folder,
      env: { ...process.env, GIT_CEILING_DIRECTORIES: dirname(folder) },
    });
    return true;
  } catch {
    return false;
  }
}
