import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '../bootstrap/folders.js';
import { withLock } from '../bootstrap/lock.js';
import { copyJars } from '../launcher/maven.js';
import type { Jdk } from '../launcher/java.js';

const run = promisify(execFile);
const SOURCES = import.meta.dirname;
const JAVA = join(SOURCES, 'src', 'main', 'java', 'perdure', 'elasticsearch');
const MODULE_SOURCES = join(JAVA, 'modules');
const RESOURCES = join(SOURCES, 'src', 'main', 'resources');

/** Ours, under the names of modules that are not published as jars. */
const MODULES = { 'analysis-common': 'AnalysisCommonPlugin', 'rest-root': 'RestRootPlugin' } as const;

/** The home that these sources would be built into. */
export function elasticsearchHome(root: string): string {
  const digest = createHash('sha256');
  for (const file of [
    join(SOURCES, 'pom.xml'),
    ...filesOf(RESOURCES),
    ...filesOf(JAVA),
    ...filesOf(MODULE_SOURCES),
    import.meta.filename,
  ])
    digest.update(readFileSync(file));
  return join(cacheFolder(root), `elasticsearch-${elasticsearchVersion()}-${digest.digest('hex').slice(0, 8)}`);
}

export function elasticsearchVersion(): string {
  const version = /<elasticsearch\.version>([^<]+)</.exec(readFileSync(join(SOURCES, 'pom.xml'), 'utf8'))?.[1];
  if (version === undefined) throw new Error('dev/elasticsearch/pom.xml names no version');
  return version;
}

/** Builds a home out of Maven's jars unless it is there already; safe to call from several processes. */
export function buildElasticsearch(root: string, jdk: Jdk, say: (text: string) => void): Promise<string> {
  const home = elasticsearchHome(root);
  return withLock(
    `${home}.lock`,
    async () => {
      if (existsSync(home)) return home;
      const draft = `${home}.${process.pid}`;
      try {
        await assemble(draft, jdk);
        renameSync(draft, home);
      } finally {
        rmSync(draft, { recursive: true, force: true });
      }
      return home;
    },
    () => say('another process is building it: waiting'),
  );
}

async function assemble(home: string, jdk: Jdk): Promise<void> {
  const version = elasticsearchVersion();
  const lib = join(home, 'lib');
  const transport = join(home, 'modules', 'transport-netty4');
  for (const folder of ['config', 'plugins', 'classes', 'modules/transport-netty4'])
    mkdirSync(join(home, folder), { recursive: true });
  await copyJars(join(SOURCES, 'pom.xml'), lib, jdk);
  for (const jar of readdirSync(lib).filter((name) => /^(netty|transport-netty4)-/.test(name)))
    renameSync(join(lib, jar), join(transport, jar));
  await writeTransportDescriptor(transport, version, jdk);
  cpSync(join(RESOURCES, 'log4j2.properties'), join(home, 'config', 'log4j2.properties'));
  const javac = (target: string, files: readonly string[]): Promise<unknown> =>
    run(join(jdk.home, 'bin', 'javac'), ['-nowarn', '-cp', join(lib, '*'), '-d', target, ...files]);
  await javac(join(home, 'classes'), filesOf(JAVA));
  // Apart from the node's own class path: the loader refuses classes that it finds twice.
  const moduleClasses = join(home, 'module-classes');
  await javac(moduleClasses, filesOf(MODULE_SOURCES));
  for (const [name, plugin] of Object.entries(MODULES)) {
    const folder = join(home, 'modules', name);
    mkdirSync(folder, { recursive: true });
    await run(join(jdk.home, 'bin', 'jar'), ['cf', join(folder, `${name}.jar`), '-C', moduleClasses, 'perdure']);
    writeFileSync(join(folder, 'plugin-descriptor.properties'), descriptor(name, plugin, version));
  }
  rmSync(moduleClasses, { recursive: true });
}

async function writeTransportDescriptor(folder: string, version: string, jdk: Jdk): Promise<void> {
  const inside = 'META-INF/es-plugins/transport-netty4/plugin-descriptor.properties';
  await run(join(jdk.home, 'bin', 'jar'), ['xf', join(folder, `transport-netty4-${version}.jar`), inside], {
    cwd: folder,
  });
  const lines = readFileSync(join(folder, inside), 'utf8').split('\n');
  // A module name would make the loader look for a named Java module, which a plain jar is not.
  writeFileSync(
    join(folder, 'plugin-descriptor.properties'),
    lines.filter((line) => !line.startsWith('modulename')).join('\n'),
  );
  rmSync(join(folder, 'META-INF'), { recursive: true });
}

function descriptor(name: string, plugin: string, version: string): string {
  const values = {
    name,
    description: 'development subset',
    version,
    'elasticsearch.version': version,
    'java.version': '21',
    classname: `perdure.elasticsearch.modules.${plugin}`,
  };
  return Object.entries(values)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

const filesOf = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(folder, entry.name))
    .sort();
