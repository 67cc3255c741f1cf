import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { layDataFolder } from '../../../src/infra/postgres-programs/data-folder.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'data-folder-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const UNTIL = new Date('2026-11-21T14:30:00.250Z');

/** A base back-up of a cluster with these settings. */
function backUp({ settings = '', archives = ['base', 'pg_wal'] } = {}): string {
  const [files, from] = [join(folder, 'files'), join(folder, 'back-up')];
  for (const made of [files, from]) mkdirSync(made);
  writeFileSync(join(files, 'postgresql.auto.conf'), settings);
  for (const name of archives) execFileSync('tar', ['-czf', join(from, `${name}.tar.gz`), '-C', files, '.']);
  return from;
}
const lay = (from: string, wal: string | null = folder, until: Date | null = UNTIL) =>
  layDataFolder({ from, into: join(folder, 'data'), wal, until });
const settings = () =>
  readFileSync(join(folder, 'data', 'postgresql.auto.conf'), 'utf8')
    .trim()
    .split('\n');

test('a data folder, when it is laid for a moment, recovers to it from the archive and keeps its other settings', () => {
  lay(backUp({ settings: "work_mem = '8MB'\n" }));
  expect(settings()).toEqual([
    "work_mem = '8MB'",
    `restore_command = 'gunzip < "${folder}"/%f.gz > %p'`,
    "recovery_target_time = '2026-11-21T14:30:00.250+00'",
    "recovery_target_action = 'promote'",
  ]);
  expect(existsSync(join(folder, 'data', 'recovery.signal'))).toBe(true);
});

test('the moment of an earlier restore, when the back-up carries it, does not stop this one', () => {
  lay(backUp({ settings: "restore_command = 'false'\nrecovery_target_time = '2020-01-01'\n" }), folder, null);
  expect(settings()).toEqual([`restore_command = 'gunzip < "${folder}"/%f.gz > %p'`]);
});

test('a folder that has something in it is left as it is', () => {
  const from = backUp();
  mkdirSync(join(folder, 'data'));
  writeFileSync(join(folder, 'data', 'PG_VERSION'), '18');
  expect(() => lay(from)).toThrow('is not empty');
});

test('what is no back-up, has tablespaces, or lacks its archive, is refused', () => {
  expect(() => lay(join(folder, 'nowhere'))).toThrow('is no base back-up');
  const from = backUp({ archives: ['base', 'pg_wal', '16401'] });
  expect(() => lay(from)).toThrow('tablespaces');
  rmSync(join(from, '16401.tar.gz'));
  expect(() => lay(from, join(folder, 'nowhere'))).toThrow('there is no archive');
});
