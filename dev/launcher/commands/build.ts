import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Command } from './command.js';

const run = promisify(execFile);

export const buildCommand: Command = {
  summary: 'compile src to dist, as production runs it',
  async run({ root, console }) {
    rmSync(join(root, 'dist'), { recursive: true, force: true });
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const result = await run(process.execPath, [tsc, '--project', 'tsconfig.build.json'], { cwd: root }).catch(
      (error: { stdout?: string }) => ({ stdout: error.stdout ?? 'tsc failed', failed: true }),
    );
    if ('failed' in result) {
      console.line(result.stdout);
      return 1;
    }
    const bundle = join(root, 'dist', 'workflow-bundle.js');
    await run(process.execPath, [join(root, 'dist', 'bin', 'bundle-workflows.js'), bundle], { cwd: root });
    console.line('compiled to dist, with all flows in dist/workflow-bundle.js');
    return 0;
  },
};
