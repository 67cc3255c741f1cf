import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { restoreCommand } from './wal-archive.js';

export interface DataFolder {
  /** A back-up by `takeBase`. */
  readonly from: string;
  /** Empty, or not there yet. */
  readonly into: string;
  /** Where the server archived its WAL; null: as it was when the back-up ended. */
  readonly wal: string | null;
  /** Null: all that is archived. */
  readonly until: Date | null;
}

/** Of an earlier restore, which the back-up may carry. */
const RECOVERY = /^\s*(restore_command|recovery_target\w*|archive_cleanup_command|recovery_end_command)\s*=/;

/**
 * Unpacks a base back-up so that a server started on it recovers and then takes writes, on a timeline of its own. As root it
 * is given to whom the folder around it belongs.
 * @throws Error when the folder is in use, or the back-up is none
 */
export function layDataFolder({ from, into, wal, until }: DataFolder): void {
  const archives = existsSync(from) ? readdirSync(from).filter((name) => name.endsWith('.tar.gz')) : [];
  if (!archives.includes('base.tar.gz') || !archives.includes('pg_wal.tar.gz'))
    throw new Error(`${from} is no base back-up`);
  if (archives.length > 2) throw new Error(`${from} has tablespaces: unpack it by hand`);
  if (existsSync(into) && readdirSync(into).length > 0) throw new Error(`${into} is not empty`);
  if (wal !== null && !existsSync(wal)) throw new Error(`there is no archive ${wal}`);
  mkdirSync(into, { recursive: true, mode: 0o700 });
  chmodSync(into, 0o700);
  unpack(join(from, 'base.tar.gz'), into);
  unpack(join(from, 'pg_wal.tar.gz'), join(into, 'pg_wal'));

  const settings = join(into, 'postgresql.auto.conf');
  const others = readFileSync(settings, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !RECOVERY.test(line));
  // PostgreSQL knows no `Z` while it reads its settings.
  const ours = {
    restore_command: wal === null ? 'false' : restoreCommand(wal),
    ...(until === null
      ? {}
      : { recovery_target_time: `${until.toISOString().slice(0, -1)}+00`, recovery_target_action: 'promote' }),
  };
  const lines = Object.entries(ours).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'`);
  writeFileSync(settings, [...others, ...lines, ''].join('\n'));
  writeFileSync(join(into, 'recovery.signal'), '');
  if (process.getuid?.() === 0) {
    const { uid, gid } = statSync(dirname(into));
    execFileSync('chown', ['-R', `${uid}:${gid}`, into]);
  }
}

const unpack = (archive: string, folder: string): void => {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  execFileSync('tar', ['--extract', '--gzip', '--no-same-owner', `--file=${archive}`, `--directory=${folder}`]);
};
