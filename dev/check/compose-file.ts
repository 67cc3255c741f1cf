// docker-compose.yml is valid, with or without an engine: as YAML, against the launcher's expectations, and by Compose's
// own loader where Go can build it.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { cacheFolder, isExecutable } from '../bootstrap/folders.js';
import { withLock } from '../bootstrap/lock.js';
import { findGo, goInstall } from '../bootstrap/temporal.js';

const LOADER_VERSION = '2.16.2';
const root = join(import.meta.dirname, '..', '..');
const file = join(root, 'docker-compose.yml');

interface ComposeFile {
  readonly services: Readonly<Record<string, { readonly image?: string; readonly healthcheck?: unknown }>>;
}

function problemsOf({ services }: ComposeFile): string[] {
  const problems = ['postgres', 'redis', 'temporal', 'elasticsearch', 'mail']
    .filter((name) => services[name] === undefined)
    .map((name) => `there is no service ${name}`);
  for (const [name, { image, healthcheck }] of Object.entries(services)) {
    if (image === undefined || !image.includes(':')) problems.push(`${name} does not pin its image`);
    if (healthcheck === undefined) problems.push(`${name} has no health check`);
  }
  return problems;
}

async function composeLoader(): Promise<string> {
  const folder = join(cacheFolder(root), `compose-go-${LOADER_VERSION}`);
  const program = join(folder, 'cmd');
  return withLock(`${folder}.lock`, async () =>
    isExecutable(program)
      ? program
      : goInstall(`github.com/compose-spec/compose-go/v2/cmd@v${LOADER_VERSION}`, folder, 'cmd'),
  );
}

const problems = problemsOf(parse(readFileSync(file, 'utf8')) as ComposeFile);
if (problems.length > 0) throw new Error(`docker-compose.yml: ${problems.join('; ')}`);
if (findGo() === undefined) {
  process.stdout.write('checked as YAML only: without Go there is no Compose loader\n');
} else {
  execFileSync(await composeLoader(), [file], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
}
