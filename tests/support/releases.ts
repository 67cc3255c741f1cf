import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import type { Release } from '../replay/released-flows.js';

const FLOWS = fileURLToPath(new URL('../replay/released-flows.ts', import.meta.url));

/** The bundle of each release in tests/replay/released-flows.ts. */
export async function bundleReleases() {
  const { code } = await bundleWorkflowCode({
    workflowsPath: FLOWS,
    workflowInterceptorModules: [FLOWS],
    logger: new DefaultLogger('ERROR'),
  });
  const folder = await mkdtemp(join(tmpdir(), 'releases-'));
  const written = async (release: Release): Promise<string> => {
    const path = join(folder, `${release}.js`);
    await writeFile(path, code.replaceAll('THE RELEASE OF THIS BUNDLE', release));
    return path;
  };
  return {
    before: await written('before'),
    after: await written('after'),
    careless: await written('careless'),
    remove: () => rm(folder, { recursive: true }),
  };
}
