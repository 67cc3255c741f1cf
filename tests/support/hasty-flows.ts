import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { workflowBundlePath } from './workflow-bundle.js';

/** What makes a sweep of a handful of rows a long one: a page is one row, and a history is long after its first. */
const HASTY = [
  [/const BATCH = 200;/, 'const BATCH = 1;'],
  [/const LONG_HISTORY = 8000;(?=\n[^\n]*const STAGES)/, 'const LONG_HISTORY = 10;'],
] as const;
const ASKING = /\(0, ?\w+\.patched\)\('all-stages-go-on'\)/;

/** The flows as they are, with a sweep that goes through pages of one row; `careless` asks for no patch before it goes on. */
export async function bundleHastyFlows() {
  const folder = await mkdtemp(join(tmpdir(), 'hasty-'));
  const written = async (name: string, changes: readonly (readonly [RegExp, string])[]): Promise<string> => {
    let code = await readFile(await workflowBundlePath(), 'utf8');
    for (const [from, to] of changes) {
      if (!from.test(code)) throw new Error(`not in the bundle: ${from.source}`);
      code = code.replace(from, to);
    }
    const path = join(folder, `${name}.js`);
    await writeFile(path, code);
    return path;
  };
  return {
    hasty: await written('hasty', HASTY),
    careless: await written('careless', [...HASTY, [ASKING, 'true']]),
    remove: () => rm(folder, { recursive: true }),
  };
}
