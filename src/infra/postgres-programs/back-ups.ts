import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram, type ProgramDatabase } from './run-program.js';

/** A back-up in a folder has this name only once it is whole. */
const nameOf = (kind: string, now: Date): string => `${kind}-${now.toISOString().slice(0, 19).replaceAll(':', '')}Z`;

interface Wanted {
  readonly database: ProgramDatabase;
  /** Where back-ups are kept; nobody else may read what is written there. */
  readonly folder: string;
  readonly now: Date;
}

/**
 * The whole cluster as its files are, with the WAL that they need, each file checked against its sum. Answers its folder.
 * @throws Error when it is not whole
 */
export async function takeBase({ database, folder, now }: Wanted): Promise<string> {
  return keep(folder, nameOf('base', now), async (draft) => {
    await runProgram(
      'pg_basebackup',
      [`--pgdata=${draft}`, '--format=tar', '--gzip', '--wal-method=stream', '--checkpoint=fast', '--no-password'],
      database,
    );
    // Its WAL is in an archive of its own, which is not looked into.
    await runProgram('pg_verifybackup', ['--no-parse-wal', '--quiet', draft]);
  });
}

/** The shop's database alone, as statements in pg_dump's own format: for another server or version. Answers its file. */
export const takeDump = ({ database, folder, now }: Wanted): Promise<string> =>
  keep(folder, `${nameOf('dump', now)}.pgdump`, (draft) =>
    runProgram(
      'pg_dump',
      ['--format=custom', '--no-owner', '--no-privileges', '--no-password', `--file=${draft}`],
      database,
    ),
  );

async function keep(folder: string, name: string, write: (draft: string) => Promise<void>): Promise<string> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const [whole, draft] = [join(folder, name), join(folder, `.${name}.part`)];
  if (existsSync(whole)) throw new Error(`${whole} is there already`);
  try {
    await write(draft);
    renameSync(draft, whole);
    return whole;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** Puts a dump into a database that has no tables yet. */
export const loadDump = (database: ProgramDatabase, file: string): Promise<void> =>
  runProgram(
    'pg_restore',
    ['--no-owner', '--no-privileges', '--single-transaction', '--exit-on-error', '--no-password', file],
    database,
  );
