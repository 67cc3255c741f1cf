import { livingProcesses } from '../../dev/launcher/run-record.js';
import { pidsBelow } from '../processes.js';

/** Wakes whatever a fault left frozen: what sleeps cannot be asked to end, and PostgreSQL's children outlive their parent. */
export function wakeAll(folder: string): void {
  for (const { pid } of livingProcesses(folder))
    for (const each of pidsBelow(pid)) {
      try {
        process.kill(each, 'SIGCONT');
      } catch {
        // It is gone already.
      }
    }
}
