import { readdirSync, readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100;

interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly cpuMs: number;
  readonly command: string;
}

/** CPU time of a process and all below it, by its command line. Milliseconds; Linux only (0 elsewhere). */
export function cpuOf(matches: (command: string) => boolean): number {
  const rows = readProcesses();
  const wanted = new Set(rows.filter((row) => matches(row.command)).map((row) => row.pid));
  for (let grew = true; grew;) {
    grew = false;
    for (const row of rows)
      if (wanted.has(row.parent) && !wanted.has(row.pid)) {
        wanted.add(row.pid);
        grew = true;
      }
  }
  return rows.filter((row) => wanted.has(row.pid)).reduce((sum, row) => sum + row.cpuMs, 0);
}

/** Busy time of all cores together. Milliseconds. */
export function machineBusyMs(): number {
  const [, ...fields] = (readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? '').trim().split(/\s+/).map(Number);
  const idle = (fields[3] ?? 0) + (fields[4] ?? 0);
  return ((fields.reduce((a, b) => a + b, 0) - idle) * 1_000) / TICKS_PER_SECOND;
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
    const ticks = Number(fields[11]) + Number(fields[12]);
    return [{ pid, parent: Number(fields[1]), cpuMs: (ticks * 1_000) / TICKS_PER_SECOND, command }];
  } catch {
    return [];
  }
}
