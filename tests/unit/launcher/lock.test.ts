import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockHolder, tryLock, unlock, withLock } from '../../../dev/bootstrap/lock.js';
import { identify } from '../../../dev/bootstrap/processes.js';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lock-'));
  file = join(folder, 'the.lock');
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a lock, while its owner lives, is not given to another', () => {
  expect(tryLock(file)).toBe(true);
  expect(tryLock(file)).toBe(false);
  expect(lockHolder(file)?.pid).toBe(process.pid);
});

test('a lock, when it was given back, is free', () => {
  tryLock(file);
  unlock(file);
  expect(lockHolder(file)).toBeUndefined();
  expect(tryLock(file)).toBe(true);
});

test('a lock, when its owner died without giving it back, is taken over', async () => {
  const child = spawn('sleep', ['600'], { stdio: 'ignore' });
  writeFileSync(file, JSON.stringify(identify(child.pid ?? 0)));
  expect(tryLock(file)).toBe(false);
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('exit', resolve));
  expect(tryLock(file)).toBe(true);
});

test('a lock, when its owner id belongs to another process by now, is taken over', () => {
  writeFileSync(file, JSON.stringify({ ...identify(process.pid), started: 'an earlier boot/1' }));
  expect(tryLock(file)).toBe(true);
});

test('work under a lock, when two want it at once, runs one after the other', async () => {
  const order: string[] = [];
  const work = (name: string) => async () => {
    order.push(`${name} begins`);
    await new Promise((resolve) => setImmediate(resolve));
    order.push(`${name} ends`);
  };
  await Promise.all([withLock(file, work('first')), withLock(file, work('second'))]);
  expect(order).toEqual(['first begins', 'first ends', 'second begins', 'second ends']);
});
