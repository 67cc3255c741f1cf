import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { openProfile } from '../../../dev/launcher/profile.js';
import { postgresHome } from '../../../dev/launcher/services/postgres-home.js';
import { PROFILE } from '../shop.js';

/** A small file system under PostgreSQL's data. */
export interface SmallDisk {
  fill(): void;
  free(): void;
  unmount(): void;
}

const SIZE = '1g';
const PIECE = Buffer.alloc(1_048_576);
const LEAST = Buffer.alloc(4_096);

/** Needs root, and Linux. Answers why not, where it cannot be had. */
export async function mountSmallDisk(root: string): Promise<SmallDisk | string> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'a small file system needs root on Linux';
  const home = await postgresHome(openProfile(root, PROFILE));
  const folder = join(home.dataFolder, PROFILE);
  mkdirSync(folder, { recursive: true });
  const { uid, gid } = home.user ?? { uid: 0, gid: 0 };
  const mounted = (): boolean => readFileSync('/proc/mounts', 'utf8').includes(` ${folder} tmpfs `);
  try {
    // An earlier run may have been killed before it could take it away.
    if (!mounted())
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE},uid=${uid},gid=${gid},mode=0700`, 'tmpfs', folder], {
        stdio: 'pipe',
      });
  } catch (error) {
    return `a small file system cannot be mounted: ${(error as Error).message.split('\n').at(-1) ?? ''}`;
  }
  const ballast = join(folder, 'ballast');
  return {
    /** To the last byte. */
    fill() {
      const file = openSync(ballast, 'a');
      try {
        for (const piece of [PIECE, LEAST]) writeUntilFull(file, piece);
      } finally {
        closeSync(file);
      }
    },
    free: () => rmSync(ballast, { force: true }),
    unmount() {
      if (existsSync(folder) && mounted()) execFileSync('umount', [folder], { stdio: 'pipe' });
    },
  };
}

function writeUntilFull(file: number, piece: Buffer): void {
  try {
    for (;;) writeSync(file, piece);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}
