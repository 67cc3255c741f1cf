/** Every mutant still has its header and its test, and applies to the tree as it is. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readMutants } from '../mutants/patch.js';
import { applies } from '../mutants/tree.js';

const root = process.cwd();
const problems: string[] = [];
for (const { file, test, only } of readMutants(root)) {
  if (!existsSync(join(root, test))) problems.push(`${file}: there is no ${test}`);
  else if (only !== null && !readFileSync(join(root, test), 'utf8').includes(only))
    problems.push(`${file}: no test of ${test} is called "${only}"`);
  if (!(await applies(root, join(root, file), ['--check']))) problems.push(`${file} does not apply any more`);
}
for (const problem of problems) console.log(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
