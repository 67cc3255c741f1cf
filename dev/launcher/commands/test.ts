import { rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { jestArguments, readResults } from '../../jest.js';
import { findOwner } from '../announcement.js';
import type { Console } from '../console.js';
import type { Lifetime } from '../lifetime.js';
import { attachSession, openSession, type Session } from '../session.js';
import { TEST_SERVICES } from '../services/index.js';
import { createTemplate, dropTestDatabases } from '../test-databases.js';
import { failedFiles, replaced, summarise, type JestResults } from '../verdict.js';
import { readOptions, type Command } from './command.js';

const NOTHING_RAN = '0 passed, 1 failed';
/** More than these are no matter of a busy machine. */
const MOST_AGAIN = 5;

export const testCommand: Command = {
  lastLineOnFailure: NOTHING_RAN,
  summary: 'run the tests on services of their own; jest options are handed on',
  async run({ root, args, console, lifetime }) {
    const { profile, rest } = readOptions(args);
    const inCi = process.env['CI'] === 'true';
    const session = await testSession(root, profile ?? 'test', lifetime, console);
    const { services, supervisor } = session;
    const database = services.env['DATABASE_URL'] ?? '';
    const template = database === '' ? '' : await createTemplate(database, `${process.pid}_${Date.now().toString(36)}`);
    if (session.attached && template !== '') lifetime.defer(() => dropTestDatabases(database, template));
    const output = join(services.folder, `results-${process.pid}.json`);
    const bundle = join(services.folder, `workflow-bundle-${process.pid}.js`);
    for (const file of [output, bundle]) lifetime.defer(() => rmSync(file, { force: true }));

    async function runJest(args: readonly string[]): Promise<{ code: number; results: JestResults | undefined }> {
      rmSync(output, { force: true });
      const jest = await supervisor.start({
        name: 'jest',
        command: process.execPath,
        // Nothing that a failed set-up left open may hold the verdict back.
        args: jestArguments(output, [...(inCi ? ['--forceExit'] : []), ...args]),
        cwd: root,
        env: { ...services.env, TEST_TEMPLATE: template, TEST_SERVER_URL: database, TEST_WORKFLOW_BUNDLE: bundle },
        inherit: true,
        mayEnd: true,
        rank: 0,
      });
      return { code: await jest.ended, results: readResults(output) };
    }

    const { code, results } = await runJest(rest);
    if (results === undefined) {
      console.line(`jest ended with code ${code} and left no results`);
      return { code: 1, lastLine: NOTHING_RAN };
    }
    if (code === 0 && results.success) return { code: 0, lastLine: summarise(results, code) };

    // Somebody who runs the tests by hand wants to see what fails; a machine that takes turns with others judges twice.
    const again = inCi ? failedFiles(results) : [];
    if (again.length === 0 || again.length > MOST_AGAIN) return { code: 1, lastLine: summarise(results, code) };
    console.line(`failed, and run once more by themselves: ${again.map((file) => relative(root, file)).join(', ')}`);
    const second = await runJest(['--runInBand', '--runTestsByPath', ...again]);
    if (second.code !== 0 || second.results?.success !== true)
      return {
        code: 1,
        lastLine: summarise(second.results === undefined ? results : replaced(results, second.results), 1),
      };
    console.line(`UNSTEADY, green only by themselves: ${again.map((file) => relative(root, file)).join(', ')}`);
    return { code: 0, lastLine: summarise(replaced(results, second.results), 0) };
  },
};

/** Services that somebody keeps up for tests are used; those of another test run are left alone. */
export async function testSession(
  root: string,
  wanted: string,
  lifetime: Lifetime,
  console: Console,
): Promise<Session> {
  const inCi = process.env['CI'] === 'true';
  for (let number = 1; ; number += 1) {
    const profile = number === 1 ? wanted : `${wanted}-${number}`;
    const owner = findOwner(root, profile);
    if (owner !== undefined) {
      if (owner.command !== 'services') continue;
      const attached = attachSession(root, profile, lifetime);
      if (attached === undefined) throw new Error(`the services of profile ${profile} are still starting: try again`);
      console.line(`using the services of profile ${profile}, which are up`);
      return attached;
    }
    return openSession(
      {
        root,
        profile,
        services: TEST_SERVICES,
        fresh: true,
        command: 'test',
        nodeEnv: 'test',
        strict: inCi,
        lenient: !inCi,
      },
      lifetime,
      console,
    );
  }
}
