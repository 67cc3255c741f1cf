import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder, findOnPath } from '../bootstrap/folders.js';
import { withLock } from '../bootstrap/lock.js';

const run = promisify(execFile);

/**
 * Debian's packages unpacked into the cache, once; nothing is installed. Answers the folder.
 *
 * @throws Error saying why they cannot be had
 */
export async function unpackDebian(
  root: string,
  name: string,
  packages: readonly string[],
  say: (text: string) => void,
): Promise<string> {
  const folder = join(cacheFolder(root), `${name}-debian-${process.arch}`);
  if (existsSync(folder)) return folder;
  if (findOnPath('apt-get') === undefined || findOnPath('dpkg-deb') === undefined) throw new Error('this is no Debian');
  return withLock(
    `${folder}.lock`,
    async () => {
      if (existsSync(folder)) return folder;
      say("downloading Debian's package");
      const draft = `${folder}.${process.pid}`;
      mkdirSync(join(draft, 'debs'), { recursive: true });
      try {
        await download(packages, join(draft, 'debs'), join(draft, 'apt'));
        for (const deb of readdirSync(join(draft, 'debs')))
          await run('dpkg-deb', ['-x', join(draft, 'debs', deb), join(draft, 'root')]);
        renameSync(join(draft, 'root'), folder);
      } finally {
        rmSync(draft, { recursive: true, force: true });
      }
      return folder;
    },
    () => say('another process is downloading it: waiting'),
  );
}

/** The folders of unpacked packages that hold libraries of this machine's kind. */
export function librariesOf(folder: string): string[] {
  const base = join(folder, 'usr', 'lib');
  if (!existsSync(base)) return [base];
  return readdirSync(base)
    .filter((name) => name.endsWith('-linux-gnu'))
    .map((name) => join(base, name));
}

async function download(packages: readonly string[], folder: string, state: string): Promise<void> {
  const fetch = (options: readonly string[]): Promise<unknown> =>
    run('apt-get', [...options, 'download', ...packages], { cwd: folder, timeout: 120_000 });
  try {
    await fetch([]);
  } catch {
    // Empty package lists are the usual cause: read them into a folder of our own, which needs no root.
    mkdirSync(join(state, 'lists', 'partial'), { recursive: true });
    mkdirSync(join(state, 'cache', 'archives', 'partial'), { recursive: true });
    const options = [
      ...['-o', `Dir::State::Lists=${join(state, 'lists')}`],
      ...['-o', `Dir::Cache=${join(state, 'cache')}`],
      ...['-o', 'APT::Sandbox::User='],
    ];
    try {
      await run('apt-get', [...options, 'update'], { timeout: 180_000 });
      await fetch(options);
    } catch (error) {
      const last = (error as { stderr?: string }).stderr?.trim().split('\n').at(-1);
      throw new Error(`apt-get download failed: ${last ?? (error as Error).message}`);
    }
  }
}
