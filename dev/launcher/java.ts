import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { findOnPath, isExecutable } from '../bootstrap/folders.js';

export interface Jdk {
  readonly home: string;
  readonly major: number;
}

/** The newest Java in JAVA_HOME, on PATH or in the usual folders that is new enough; JAVA_HOME first when it is. */
export function findJava(oldest: number, needsCompiler: boolean): Jdk {
  const found = candidates().flatMap((home): Jdk[] => {
    const major = majorOf(home);
    const complete =
      isExecutable(join(home, 'bin', 'java')) && (!needsCompiler || isExecutable(join(home, 'bin', 'javac')));
    return complete && major !== undefined && major >= oldest ? [{ home, major }] : [];
  });
  const wanted = found.find(({ home }) => home === process.env['JAVA_HOME']);
  const best = wanted ?? found.toSorted((a, b) => b.major - a.major)[0];
  if (best === undefined) throw new Error(`there is no ${needsCompiler ? 'JDK' : 'Java'} ${oldest} or newer`);
  return best;
}

function candidates(): string[] {
  const onPath = findOnPath('java');
  const folders = [
    '/usr/lib/jvm',
    '/opt/java',
    '/opt',
    '/usr/local/java',
    join(homedir(), '.sdkman', 'candidates', 'java'),
    join(homedir(), '.jdks'),
  ];
  const mac = '/Library/Java/JavaVirtualMachines';
  return [
    ...(process.env['JAVA_HOME'] === undefined ? [] : [process.env['JAVA_HOME']]),
    ...(onPath === undefined ? [] : [dirname(dirname(realpathSync(onPath)))]),
    ...folders.flatMap((folder) => entriesOf(folder).map((entry) => join(folder, entry))),
    ...entriesOf(mac).map((entry) => join(mac, entry, 'Contents', 'Home')),
    ...['/opt/homebrew/opt/openjdk', '/usr/local/opt/openjdk'].map((home) =>
      join(home, 'libexec', 'openjdk.jdk', 'Contents', 'Home'),
    ),
  ];
}

function majorOf(home: string): number | undefined {
  try {
    const version = /^JAVA_VERSION="(?:1\.)?(\d+)/m.exec(readFileSync(join(home, 'release'), 'utf8'))?.[1];
    return version === undefined ? undefined : Number(version);
  } catch {
    return undefined;
  }
}

function entriesOf(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}
