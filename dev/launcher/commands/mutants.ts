import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readMutants, type Mutant } from '../../mutants/patch.js';
import { runTests } from '../../mutants/run-tests.js';
import { copyTree, type Tree } from '../../mutants/tree.js';
import { createTemplate, dropTestDatabases, migrateIn } from '../test-databases.js';
import { readOptions, type Command, type Invocation } from './command.js';
import { testSession } from './test.js';

type Fate = 'killed' | 'SURVIVED' | 'does not apply' | 'no test ran';

/** Applies each mutant to a copy of the tree and runs the test that must notice: one that stays green proves nothing. */
export const mutantsCommand: Command = {
  summary: 'break each rule of money and stock and see its test go red; names choose some of them',
  async run(invocation) {
    const { root, console, lifetime } = invocation;
    const { profile, rest } = readOptions(invocation.args);
    const mutants = readMutants(root, rest);
    if (mutants.length === 0) throw new Error(`there is no mutant ${rest.join(', ')}`);
    const { services } = await testSession(root, profile ?? 'test', lifetime, console);
    const tree = await copyTree(root, join(services.folder, `mutants-${process.pid}`));
    lifetime.defer(() => tree.remove());
    const stop = new AbortController();
    lifetime.defer(() => stop.abort());
    const check = createCheck(invocation, tree, services.env, stop.signal);

    const files = [...new Set(mutants.map(({ test }) => test))];
    console.line(`${mutants.length} mutants; first their ${files.length} test files on the tree as it is`);
    const before = await check.run(files, null, false);
    if (before?.results.success !== true) {
      console.line(before?.output ?? 'the tests did not end');
      console.line('these tests must be green before a mutant can turn them red');
      return 1;
    }
    const fates: Fate[] = [];
    for (const mutant of mutants) {
      const started = performance.now();
      const fate = await check.fateOf(mutant);
      fates.push(fate);
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.step(
        fate,
        `${mutant.name} (${seconds} s)${fate === 'killed' ? '' : `: ${mutant.rule} [${mutant.test}]`}`,
      );
    }
    const killed = fates.filter((fate) => fate === 'killed').length;
    console.line(`${killed} of ${mutants.length} mutants were noticed`);
    return killed === mutants.length ? 0 : 1;
  },
};

function createCheck({ root }: Invocation, tree: Tree, env: Readonly<Record<string, string>>, signal: AbortSignal) {
  const database = env['DATABASE_URL'] ?? '';
  let count = 0;

  /** With databases of its own, so that what a broken rule leaves behind meets no other test. */
  async function run(files: readonly string[], only: string | null, otherTables: boolean) {
    const folder = tree.folder;
    // Flows are bundled anew: they may be what is broken.
    const bundled = { ...env, TEST_WORKFLOW_BUNDLE: join(folder, `workflow-bundle-${(count += 1)}.js`) };
    if (database === '') return runTests({ folder, env: bundled, files, only, signal });
    const template = await createTemplate(
      database,
      `m${process.pid}_${count}`,
      otherTables ? migrateIn(folder, env) : undefined,
    );
    try {
      const own = { ...bundled, TEST_TEMPLATE: template, TEST_SERVER_URL: database };
      return await runTests({ folder, env: own, files, only, signal });
    } finally {
      await dropTestDatabases(database, template);
    }
  }

  async function fateOf(mutant: Mutant): Promise<Fate> {
    if (!existsSync(join(root, mutant.test)) || !(await tree.apply(mutant))) return 'does not apply';
    try {
      const otherTables = mutant.touches.some((file) => file.startsWith('src/infra/db/migrations/'));
      const seen = await run([mutant.test], mutant.only, otherTables);
      // One that makes a test wait for ever is noticed too.
      if (seen === null) return 'killed';
      const { numFailedTests: failed, numPassedTests: passed } = seen.results;
      return failed > 0 ? 'killed' : passed > 0 ? 'SURVIVED' : 'no test ran';
    } finally {
      tree.restore(mutant);
    }
  }

  return { run, fateOf };
}
