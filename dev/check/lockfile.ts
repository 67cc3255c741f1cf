// The lock file names no registry, so that it installs from whichever one npm is configured for, and every dependency is pinned.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
const read = (name: string): string => readFileSync(join(root, name), 'utf8');

const problems = [
  ...read('package-lock.json').matchAll(/^.*"resolved": *"(?!file:).*$|^.*https?:\/\/[^"]*\.tgz.*$/gm),
].map(([line]) => `package-lock.json names a registry: ${line.trim()}`);

const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;
for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies }))
  if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)) problems.push(`package.json does not pin ${name}: ${version}`);

if (problems.length > 0) throw new Error(problems.slice(0, 10).join('\n'));
