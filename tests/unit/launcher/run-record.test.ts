import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identify, isRunning } from '../../../dev/bootstrap/processes.js';
import { cleanUp, openRunBook, type RecordedProcess } from '../../../dev/launcher/run-record.js';

let folder: string;
let child: ChildProcess;
let ended: Promise<unknown>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'run-record-'));
  child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
  ended = new Promise((resolve) => child.once('exit', resolve));
});

afterEach(async () => {
  child.kill('SIGKILL');
  await ended;
  rmSync(folder, { recursive: true });
});

function recorded(change: Partial<RecordedProcess> = {}): RecordedProcess {
  const identity = identify(child.pid ?? 0);
  if (identity === undefined) throw new Error('the child is not running');
  return { ...identity, name: 'sleep', stopSignal: 'SIGTERM', graceMs: 5_000, rank: 1, ...change };
}

const noCompose = async (): Promise<void> => undefined;

test('clean up, when a recorded process still runs, stops it', async () => {
  openRunBook(folder).add(recorded());
  await expect(cleanUp(folder, noCompose)).resolves.toEqual(['sleep']);
  await ended;
  expect(child.signalCode).toBe('SIGTERM');
});

test.each([
  ['started at another time', { started: 'another boot/1' }],
  ['runs another command', { command: 'sleep 601' }],
])('clean up, when the process with the recorded id %s, leaves it alone', async (_name, change) => {
  const process = recorded();
  openRunBook(folder).add({ ...process, ...change });
  await expect(cleanUp(folder, noCompose)).resolves.toEqual([]);
  expect(isRunning(process)).toBe(true);
});

test('clean up, when the run had removed the process from its record, leaves it alone', async () => {
  const process = recorded();
  const book = openRunBook(folder);
  book.add(process);
  book.remove(process.pid);
  await expect(cleanUp(folder, noCompose)).resolves.toEqual([]);
  expect(isRunning(process)).toBe(true);
});

test('a process that ended and was waited for, is not running', async () => {
  const process = recorded();
  child.kill('SIGKILL');
  await ended;
  expect(isRunning(process)).toBe(false);
});

test('clean up, when containers were recorded, stops their project', async () => {
  openRunBook(folder).noteCompose('perdure-abc');
  const stopped: string[] = [];
  await cleanUp(folder, async (project) => void stopped.push(project));
  expect(stopped).toEqual(['perdure-abc']);
});
