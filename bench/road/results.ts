import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { picture } from './picture.js';
import type { Report } from './report.js';

const folderOf = (root: string): string => join(root, 'bench', 'results');

/** The commit that is measured; marked where files differ from it. */
export function commitOf(root: string): string {
  const git = (...args: string[]): string => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
  try {
    const changed = git('status', '--porcelain', '--', 'src', 'bench', 'dev') !== '';
    return `${git('rev-parse', '--short=9', 'HEAD')}${changed ? '-changed' : ''}`;
  } catch {
    return 'unknown';
  }
}

export const machine = (): string =>
  `${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`;

/** Keeps the figures of a commit beside those of others; answers the file. */
export function keep(root: string, report: Report): string {
  const folder = folderOf(root);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${report.at.slice(0, 10)}-${report.commit}.json`);
  writeFileSync(file, `${JSON.stringify(report, rounded, 2)}\n`);
  writeFileSync(join(folder, 'latest.svg'), picture(report));
  return file;
}

const rounded = (_: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isInteger(value) ? Math.round(value * 1_000) / 1_000 : value;

/** Kept reports, oldest first. */
export function keptReports(root: string): Report[] {
  const folder = folderOf(root);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Report)
    .sort((a, b) => (a.at < b.at ? -1 : 1));
}
