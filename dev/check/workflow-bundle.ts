// Temporal can bundle all workflows as they are.
import { join } from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';

const workflowsPath = join(import.meta.dirname, '..', '..', 'src', 'workflows', 'index.ts');
const silent = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore, log: ignore };
function ignore(): void {}

const { code } = await bundleWorkflowCode({ workflowsPath, logger: silent });
process.stdout.write(`${Math.round(code.length / 1024)} KiB\n`);
