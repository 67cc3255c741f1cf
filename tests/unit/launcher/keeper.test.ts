import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createConsole } from '../../../dev/launcher/console.js';
import { keepAlive, wish } from '../../../dev/launcher/keeper.js';
import { livingProcesses, openRunBook } from '../../../dev/launcher/run-record.js';
import { createSupervisor, type Supervisor } from '../../../dev/launcher/supervisor.js';

let folder: string;
let kept: Supervisor;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keeper-'));
  kept = keepAlive(
    createSupervisor(join(folder, 'logs'), openRunBook(folder)),
    folder,
    createConsole(() => undefined),
    50,
  );
});

afterEach(async () => {
  await kept.stopAll();
  rmSync(folder, { recursive: true });
});

const SAYS_MOOD = `process.stdout.write((process.env.MOOD ?? 'none') + ' '); setInterval(() => undefined, 1000)`;
const start = () => kept.start({ name: 'kept', command: process.execPath, args: ['-e', SAYS_MOOD] });
const log = (): string => readFileSync(join(folder, 'logs', 'kept.log'), 'utf8');

async function untilLogHas(text: string): Promise<void> {
  for (const end = Date.now() + 20_000; Date.now() < end; await sleep(20)) if (log().includes(text)) return;
  throw new Error(`the log is ${log()}`);
}

test('keeper, when a process is killed, starts it again', async () => {
  const { pid } = await start();
  await untilLogHas('none ');
  process.kill(pid, 'SIGKILL');
  await untilLogHas('none none ');
  expect(livingProcesses(folder)).toEqual([expect.objectContaining({ name: 'kept' })]);
});

test('keeper, when a process is wished down, lets it rest until the wish is taken back', async () => {
  const { pid, ended } = await start();
  await untilLogHas('none ');
  wish(folder, 'kept', { held: true });
  process.kill(pid, 'SIGKILL');
  await ended;
  await sleep(1_500);
  expect(log()).toBe('none ');
  wish(folder, 'kept');
  await untilLogHas('none none ');
});

test('keeper, when other variables are wished for, starts it with them', async () => {
  wish(folder, 'kept', { env: { MOOD: 'merry' } });
  await start();
  await untilLogHas('merry ');
  expect(log()).not.toContain('none');
});

test('keeper, when a process runs and is of no use three looks in a row, starts it again', async () => {
  let looks = 0;
  const ailments = ['ill', undefined, 'ill', 'ill', 'ill'];
  await kept.start({
    ...{ name: 'kept', command: process.execPath, args: ['-e', SAYS_MOOD] },
    ailment: () => Promise.resolve(ailments[looks++]),
  });
  await untilLogHas('none none ');
  await sleep(300);
  expect(log()).toBe('none none ');
  expect(looks).toBeGreaterThanOrEqual(5);
});

test('keeper, when nobody can tell whether a process is of use, leaves it alone', async () => {
  let looks = 0;
  await kept.start({
    ...{ name: 'kept', command: process.execPath, args: ['-e', SAYS_MOOD] },
    ailment: () => ((looks += 1), Promise.reject(new Error('no answer'))),
  });
  for (const end = Date.now() + 20_000; looks < 6 && Date.now() < end;) await sleep(20);
  expect(looks).toBeGreaterThanOrEqual(6);
  expect(log()).toBe('none ');
});

test('keeper, when everything is stopped, starts nothing again', async () => {
  await start();
  await untilLogHas('none ');
  await kept.stopAll();
  await sleep(1_000);
  expect(log()).toBe('none ');
});
