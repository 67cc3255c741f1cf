import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { bundleWorkflows } from '../../src/infra/temporal/bundle.js';

/** All flows in one file, bundled by the first of a run's test files that needs it. */
export async function workflowBundlePath(): Promise<string> {
  const path = process.env['TEST_WORKFLOW_BUNDLE'];
  if (path === undefined) throw new Error('TEST_WORKFLOW_BUNDLE is not set: run the tests with npm test');
  if (existsSync(path)) return path;
  const draft = `${path}.${process.pid}`;
  await bundleWorkflows(draft);
  await rename(draft, path);
  return path;
}
