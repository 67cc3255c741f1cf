import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { lockHolder } from '../bootstrap/lock.js';
import { profileFolder, writePrivate } from './profile.js';
import type { Resolved } from './service.js';

/** What the owner of a profile tells other commands in this clone. */
export interface Announcement {
  readonly command: string;
  /** Absent while the services are still starting. */
  readonly up?: { readonly env: Readonly<Record<string, string>>; readonly missing: readonly Resolved[] };
}

export interface Owner extends Announcement {
  readonly pid: number;
}

export const lockFile = (folder: string): string => join(folder, 'launcher.lock');

/** The launcher that has a profile now. */
export function findOwner(root: string, profile: string): Owner | undefined {
  const folder = profileFolder(root, profile);
  const holder = lockHolder(lockFile(folder));
  return holder === undefined ? undefined : { pid: holder.pid, ...read(folder) };
}

export function announce(folder: string, announcement: Announcement): void {
  writePrivate(join(folder, 'services.json'), JSON.stringify(announcement, null, 2));
  if (announcement.up === undefined) return;
  const quoted = (value: string): string => `'${value.replaceAll("'", String.raw`'\''`)}'`;
  const lines = Object.entries(announcement.up.env).map(([key, value]) => `export ${key}=${quoted(value)}\n`);
  writePrivate(join(folder, 'env'), lines.join(''));
}

export function removeAnnouncement(folder: string): void {
  for (const file of ['services.json', 'env']) rmSync(join(folder, file), { force: true });
}

function read(folder: string): Announcement {
  try {
    return JSON.parse(readFileSync(join(folder, 'services.json'), 'utf8')) as Announcement;
  } catch {
    // Between taking the lock and the first word.
    return { command: 'starting' };
  }
}
