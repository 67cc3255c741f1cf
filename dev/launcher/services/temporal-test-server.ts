import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cacheFolder, isExecutable } from '../../bootstrap/folders.js';
import { withLock } from '../../bootstrap/lock.js';
import { downloadFromTemporal } from '../../bootstrap/temporal.js';
import { findJava } from '../java.js';
import { copyJars } from '../maven.js';
import { firstPortOf, freePort, isFree } from '../ports.js';
import type { Found, Service, ServiceContext } from '../service.js';

const OLDEST_JAVA = 17;
const STARTED_WITHIN_MS = 60_000;
/** Java's archive of loaded classes. */
const CLASSES = 'classes.jsa';

/** Only a program: each test that skips time starts its own. */
export const temporalTestServer: Service = {
  name: 'test-server',
  variable: 'TEMPORAL_TEST_SERVER',
  advice: `install Java ${OLDEST_JAVA} or newer and Maven, or set TEMPORAL_TEST_SERVER to Temporal's test server program`,
  without: 'tests that skip time are skipped',
  ways: {
    async environment({ env }) {
      const program = env['TEMPORAL_TEST_SERVER'] ?? '';
      if (!isExecutable(program)) throw new Error('it is no program');
      return describeProgram(program, 'TEMPORAL_TEST_SERVER');
    },
    async local(context) {
      const built = builtProgram(context);
      if (existsSync(built)) return describeProgram(built, 'Maven, cached');
      const cached = join(cacheFolder(context.profile.root), 'temporal-test-server-default', 'temporal-test-server');
      if (isExecutable(cached)) return describeProgram(cached, 'downloaded, cached');
      const program = await downloadFromTemporal(context.profile.root, 'temporal-test-server', 'default').catch(
        (error: Error) => {
          throw new Error(
            `its download failed (${error.cause instanceof Error ? error.cause.message : error.message})`,
          );
        },
      );
      return describeProgram(program, 'downloaded');
    },
    async build(context) {
      const program = builtProgram(context);
      context.say("getting Maven's jars: once");
      await withLock(`${dirname(program)}.lock`, () => build(context, program));
      return describeProgram(program, 'Maven');
    },
  },
};

async function build(context: ServiceContext, program: string): Promise<void> {
  if (existsSync(program)) return;
  const jdk = findJava(OLDEST_JAVA, false);
  const folder = dirname(program);
  const draft = `${folder}.${process.pid}`;
  mkdirSync(draft, { recursive: true });
  try {
    await copyJars(pomFile(context), join(draft, 'lib'), jdk);
    const java = join(jdk.home, 'bin', 'java');
    const flags = [
      ...['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '--enable-native-access=ALL-UNNAMED', '-Xlog:disable'],
      // Known since 23; without it newer ones warn at length.
      ...(jdk.major >= 23 ? ['--sun-misc-unsafe-memory-access=allow'] : []),
    ];
    const main = ['-cp', join(folder, 'lib', '*'), 'io.temporal.testserver.TestServer'];
    const quoted = main.map((word) => `"${word}"`).join(' ');
    const script = `#!/bin/sh\nexec "${java}" ${flags.join(' ')} -XX:SharedArchiveFile="${join(folder, CLASSES)}" ${quoted} "$@"\n`;
    writeFileSync(join(draft, 'temporal-test-server'), script);
    chmodSync(join(draft, 'temporal-test-server'), 0o755);
    rmSync(folder, { recursive: true, force: true });
    renameSync(draft, folder);
    context.say('saving its loaded classes: once');
    await saveClasses(java, [...flags, `-XX:ArchiveClassesAtExit=${join(folder, CLASSES)}`, ...main]);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** Runs it once, so that it starts in a third of the time ever after; without the file it starts as well. */
async function saveClasses(java: string, args: readonly string[]): Promise<void> {
  const port = await freePort(firstPortOf('temporal-test-server'), new Set());
  const server = spawn(java, [...args, String(port)], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => {
    server.once('error', () => resolve());
    server.once('exit', () => resolve());
  });
  for (const until = Date.now() + STARTED_WITHIN_MS; Date.now() < until && server.exitCode === null;) {
    if (!(await isFree(port))) break;
    await sleep(100);
  }
  server.kill('SIGTERM');
  await ended;
}

function builtProgram(context: ServiceContext): string {
  const digest = createHash('sha256')
    .update(readFileSync(pomFile(context)))
    .digest('hex')
    .slice(0, 8);
  return join(
    cacheFolder(context.profile.root),
    `temporal-test-server-maven-${digest}-classes`,
    'temporal-test-server',
  );
}

const pomFile = ({ profile }: ServiceContext): string => join(profile.root, 'dev', 'temporal-test-server', 'pom.xml');

function describeProgram(program: string, from: string): Found {
  return { from, version: '1.38.0', address: program, env: { TEMPORAL_TEST_SERVER: program } };
}
