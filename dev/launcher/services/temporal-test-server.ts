import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheFolder, isExecutable } from '../../bootstrap/folders.js';
import { withLock } from '../../bootstrap/lock.js';
import { downloadFromTemporal } from '../../bootstrap/temporal.js';
import { findJava } from '../java.js';
import { copyJars } from '../maven.js';
import type { Found, Service, ServiceContext } from '../service.js';

const OLDEST_JAVA = 17;

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
      ...['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '--enable-native-access=ALL-UNNAMED'],
      // Known since 23; without it newer ones warn at length.
      ...(jdk.major >= 23 ? ['--sun-misc-unsafe-memory-access=allow'] : []),
    ].join(' ');
    const script = `#!/bin/sh\nexec "${java}" ${flags} -cp "${folder}/lib/*" io.temporal.testserver.TestServer "$@"\n`;
    writeFileSync(join(draft, 'temporal-test-server'), script);
    chmodSync(join(draft, 'temporal-test-server'), 0o755);
    rmSync(folder, { recursive: true, force: true });
    renameSync(draft, folder);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

function builtProgram(context: ServiceContext): string {
  const digest = createHash('sha256')
    .update(readFileSync(pomFile(context)))
    .digest('hex')
    .slice(0, 8);
  return join(cacheFolder(context.profile.root), `temporal-test-server-maven-${digest}`, 'temporal-test-server');
}

const pomFile = ({ profile }: ServiceContext): string => join(profile.root, 'dev', 'temporal-test-server', 'pom.xml');

function describeProgram(program: string, from: string): Found {
  return { from, version: '1.38.0', address: program, env: { TEMPORAL_TEST_SERVER: program } };
}
