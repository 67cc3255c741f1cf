/**
 * Checks the five promises on a running instance and ends with code 1 where one does not hold:
 *
 *     audit                    leaves out checkouts that moved within the last 2 minutes
 *     audit --settled-for 30   the same with 30 seconds; 0 looks at everything as it is
 *     audit --settle           waits until nothing moves, at most 150 seconds, and looks at everything
 *     audit --json             the same as JSON
 */
import { parseArgs } from 'node:util';
import { loadConfig } from '../config.js';
import { auditInstance, auditLines } from './audit-instance.js';

const SETTLE_MS = 150_000;

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    settle: { type: 'boolean', default: false },
    'settled-for': { type: 'string', default: '120' },
  },
});
const seconds = Number(values['settled-for']);
if (!Number.isInteger(seconds) || seconds < 0) throw new Error('--settled-for takes a whole number of seconds');

const results = await auditInstance(loadConfig(), {
  settledForMs: seconds * 1_000,
  ...(values.settle ? { waitMs: SETTLE_MS } : {}),
});
process.stdout.write(`${values.json ? JSON.stringify(results, null, 2) : auditLines(results).join('\n')}\n`);
process.exitCode = results.some(({ breached }) => breached > 0) ? 1 : 0;
