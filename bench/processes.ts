import { readdirSync, readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100;

interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  /** With that of the children it waited for. */
  readonly cpuMs: number;
  readonly command: string;
}

/** CPU time of a process and all below it, by its command line. Milliseconds; Linux only (0 elsewhere). */
export const cpuOf = (matches: (command: string) => boolean): number =>
  cpuOfTrees({ all: readProcesses().flatMap(({ pid, command }) => (matches(command) ? [pid] : [])) })['all'] ?? 0;

/** CPU time of processes and all below them, by name. Milliseconds; Linux only (0 elsewhere). */
export function cpuOfTrees(roots: Readonly<Record<string, readonly number[]>>): Record<string, number> {
  const rows = readProcesses();
  return Object.fromEntries(
    Object.entries(roots).map(([name, pids]) => [
      name,
      treeOf(rows, pids).reduce((total, { cpuMs }) => total + cpuMs, 0),
    ]),
  );
}

/** A process and all below it, parents first. */
export const pidsBelow = (root: number): number[] => [
  ...new Set([root, ...treeOf(readProcesses(), [root]).map(({ pid }) => pid)]),
];

function treeOf(rows: readonly ProcessRow[], roots: readonly number[]): ProcessRow[] {
  const wanted = new Set(roots);
  for (let grew = true; grew;) {
    grew = false;
    for (const row of rows)
      if (wanted.has(row.parent) && !wanted.has(row.pid)) {
        wanted.add(row.pid);
        grew = true;
      }
  }
  return rows.filter(({ pid }) => wanted.has(pid));
}

/** Busy time of all cores together. Milliseconds. */
export function machineBusyMs(): number {
  const [, ...fields] = (readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? '').trim().split(/\s+/).map(Number);
  const idle = (fields[3] ?? 0) + (fields[4] ?? 0);
  return ((fields.slice(0, 8).reduce((a, b) => a + b, 0) - idle) * 1_000) / TICKS_PER_SECOND;
}

/** The most memory that a process has held at once. Megabytes; Linux only (0 elsewhere). */
export const peakMemoryMb = (pid: number): number => statusMb(pid, /VmHWM:\s+(\d+)/);

/** The memory that a process holds now. Megabytes; Linux only (0 elsewhere). */
export const memoryMb = (pid: number): number => statusMb(pid, /VmRSS:\s+(\d+)/);

function statusMb(pid: number, line: RegExp): number {
  try {
    return Number(line.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024;
  } catch {
    return 0;
  }
}

function readProcesses(): ProcessRow[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => readProcess(Number(name)));
  } catch {
    return [];
  }
}

function readProcess(pid: number): ProcessRow[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    const ticks = fields.slice(11, 15).reduce((total, field) => total + Number(field), 0);
    return [{ pid, parent: Number(fields[1]), cpuMs: (ticks * 1_000) / TICKS_PER_SECOND, command }];
  } catch {
    return [];
  }
}
