import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { archiveCommand, restoreCommand } from '../../../src/infra/postgres-programs/wal-archive.js';

const NAME = '000000010000000000000001';
let data: string;
let archive: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'wal-'));
  archive = join(data, 'an "archive" of $5 & 100 %');
  mkdirSync(archive);
});
afterEach(() => rmSync(data, { recursive: true }));

/** As PostgreSQL runs it: %f is the name, %p the path, %% a percent sign. */
function run(command: string, path: string): number | null {
  const names: Record<string, string> = { '%f': NAME, '%p': path, '%%': '%' };
  const line = command.replaceAll(/%[fp%]/g, (name) => names[name] ?? '');
  return spawnSync('sh', ['-c', line], { cwd: data, stdio: 'ignore' }).status;
}

function keep(text: string): number | null {
  writeFileSync(join(data, 'piece'), text);
  return run(archiveCommand(archive), 'piece');
}

test('a piece of WAL, when it is archived again after a crash, is kept once and comes back as it was', () => {
  expect([keep('one'), keep('one')]).toEqual([0, 0]);
  expect(readdirSync(archive)).toEqual([`${NAME}.gz`]);
  expect(run(restoreCommand(archive), 'back')).toBe(0);
  expect(readFileSync(join(data, 'back'), 'utf8')).toBe('one');
});

test('a piece of another cluster under the same name is refused, and the first one stays', () => {
  expect(keep('one')).toBe(0);
  expect(keep('two')).not.toBe(0);
  run(restoreCommand(archive), 'back');
  expect(readFileSync(join(data, 'back'), 'utf8')).toBe('one');
});

test('a piece that was never archived is not restored', () => {
  expect(run(restoreCommand(archive), 'back')).not.toBe(0);
});
