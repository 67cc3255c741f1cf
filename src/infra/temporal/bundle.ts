import { mkdir, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

const SOURCES = ['../../workflows/index.ts', '../../workflows/index.js'];
/** Beside the compiled sources, which lie in `dist/src` or `dist`. */
const BUNDLES = ['../../workflow-bundle.js', '../../../workflow-bundle.js'];

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export type WorkflowSource =
  { readonly workflowBundle: { readonly codePath: string } } | { readonly workflowsPath: string };

/**
 * A production build's bundle where there is one; else the sources, bundled when the worker starts. Those too where something
 * is to be bundled with them, as traces are.
 */
export function workflowSource({ bundled = true }: { readonly bundled?: boolean } = {}): WorkflowSource {
  const bundle =
    bundled && import.meta.url.endsWith('.js') ? BUNDLES.map(here).find((path) => existsSync(path)) : undefined;
  return bundle === undefined ? { workflowsPath: sources() } : { workflowBundle: { codePath: bundle } };
}

/** Writes all flows into one file that workers load at once. */
export async function bundleWorkflows(file: string): Promise<void> {
  const { code } = await bundleWorkflowCode({ workflowsPath: sources(), logger: new DefaultLogger('WARN') });
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, code);
}

function sources(): string {
  const path = SOURCES.map(here).find((candidate) => existsSync(candidate));
  if (path === undefined) throw new Error('the workflows are neither bundled nor there as sources');
  return path;
}
