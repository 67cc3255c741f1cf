import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning, killGroup, signalLeader, type ProcessIdentity } from '../bootstrap/processes.js';
import { writePrivate } from './profile.js';

/** A process of ours as written down when it started; it leads a process group of its own. */
export interface RecordedProcess extends ProcessIdentity {
  readonly name: string;
  readonly stopSignal: NodeJS.Signals;
  readonly graceMs: number;
  /** Lower ranks stop first. */
  readonly rank: number;
}

interface RunRecord {
  readonly processes: readonly RecordedProcess[];
  readonly composeProject?: string;
}

/** What this run has started, on disk before anybody relies on it: whoever comes after a crash can clean up. */
export interface RunBook {
  add(process: RecordedProcess): void;
  remove(pid: number): void;
  noteCompose(project: string): void;
}

export function openRunBook(folder: string): RunBook {
  const processes = new Map<number, RecordedProcess>();
  let composeProject: string | undefined;
  const save = (): void => {
    const record: RunRecord = {
      processes: [...processes.values()],
      ...(composeProject === undefined ? {} : { composeProject }),
    };
    writePrivate(recordFile(folder), JSON.stringify(record, null, 2));
  };
  return {
    add(process) {
      processes.set(process.pid, process);
      save();
    },
    remove(pid) {
      if (processes.delete(pid)) save();
    },
    noteCompose(project) {
      composeProject = project;
      save();
    },
  };
}

/** What a run has up now, and nothing that has ended since it was written down. */
export const livingProcesses = (folder: string): RecordedProcess[] =>
  readRecord(folder).processes.filter((process) => isRunning(process));

/** The process ids of what a run has up now, by name. */
export const recordedProcesses = (folder: string): Record<string, number> =>
  Object.fromEntries(readRecord(folder).processes.map(({ name, pid }) => [name, pid]));

/** Stops what a crashed run left behind, and nothing else; answers the names of what it stopped. */
export async function cleanUp(folder: string, stopCompose: (project: string) => Promise<void>): Promise<string[]> {
  const record = readRecord(folder);
  const left = record.processes.filter((process) => isRunning(process));
  for (const rank of [...new Set(left.map((process) => process.rank))].sort((a, b) => a - b))
    await Promise.all(left.filter((process) => process.rank === rank).map(stopRecorded));
  if (record.composeProject !== undefined) await stopCompose(record.composeProject);
  rmSync(recordFile(folder), { force: true });
  return left.map((process) => process.name);
}

/** Asks a process to end and insists after its grace; what it leaves behind goes with it. */
async function stopRecorded(process: RecordedProcess): Promise<void> {
  if (!isRunning(process)) return;
  signalLeader(process.pid, process.stopSignal);
  await isGoneWithin(process, process.graceMs);
  killGroup(process.pid);
  await isGoneWithin(process, 5_000);
}

async function isGoneWithin(process: RecordedProcess, milliseconds: number): Promise<boolean> {
  for (const end = Date.now() + milliseconds; Date.now() < end; await sleep(50)) if (!isRunning(process)) return true;
  return !isRunning(process);
}

function readRecord(folder: string): RunRecord {
  try {
    return JSON.parse(readFileSync(recordFile(folder), 'utf8')) as RunRecord;
  } catch {
    return { processes: [] };
  }
}

const recordFile = (folder: string): string => join(folder, 'run.json');
