import { execFile } from 'node:child_process';
import { homedir } from 'node:os';
import { promisify } from 'node:util';
import { findOnPath } from '../bootstrap/folders.js';
import type { Jdk } from './java.js';

const run = promisify(execFile);

/** Copies the jars that a pom.xml names, and those they need, into a folder. */
export async function copyJars(pom: string, folder: string, jdk: Jdk): Promise<void> {
  const maven = findOnPath('mvn');
  if (maven === undefined) throw new Error('Maven (mvn) is not on PATH');
  try {
    await run(
      maven,
      [
        '-q',
        '-B',
        '-Dstyle.color=never',
        '-f',
        pom,
        'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies',
        `-DoutputDirectory=${folder}`,
      ],
      {
        env: {
          ...process.env,
          JAVA_HOME: jdk.home,
          MAVEN_OPTS: `${process.env['MAVEN_OPTS'] ?? ''} -Duser.home=${homedir()}`,
        },
        timeout: 600_000,
        maxBuffer: 64 * 1024 * 1024,
      },
    );
  } catch (error) {
    const output = (error as { stdout?: string }).stdout ?? '';
    const line = output.split('\n').find((text) => text.includes('[ERROR]')) ?? (error as Error).message;
    throw new Error(`Maven failed: ${line.slice(0, 300)}`);
  }
}
