import { spawnSync } from 'node:child_process';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findOwner } from '../announcement.js';
import { emptyProfile, openProfile } from '../profile.js';
import { postgresHome } from '../services/postgres-home.js';
import { walArchive } from '../services/postgres.js';
import { readOptions, type Command, type Invocation } from './command.js';
import { taskCommand } from './tasks.js';

const TASK = { name: 'restore', file: 'src/bin/restore.ts', summary: '', needsPrograms: true } as const;

export const restoreCommand: Command = {
  summary: 'bring a shop back from a back-up: base, dump, finish, flows',
  run: (invocation) =>
    invocation.args.includes('base')
      ? restoreBase(invocation)
      : // A dump goes into a database without tables.
        taskCommand({ ...TASK, unmigrated: invocation.args.includes('dump') }).run(invocation),
};

/**
 * Puts a base back-up in the place of a profile's cluster, which is kept beside it, and empties the profile's other services;
 * `npm run restore -- finish` starts them and takes up what was under way.
 */
async function restoreBase({ root, args, console }: Invocation): Promise<number> {
  const { profile: name = 'dev', rest } = readOptions(args);
  if (findOwner(root, name) !== undefined) throw new Error(`profile ${name} is up: stop it first`);
  const profile = openProfile(root, name);
  const home = await postgresHome(profile);
  const data = join(home.dataFolder, name);
  const before = `${data}.before`;
  if (existsSync(before)) throw new Error(`${before} is of an earlier restore: remove it first`);
  if (existsSync(data)) renameSync(data, before);
  const wal = rest.some((each) => each === '--wal' || each.startsWith('--wal='))
    ? []
    : ['--wal', walArchive(home, name)];
  const { status } = spawnSync(
    process.execPath,
    ['--import', 'tsx', 'src/bin/restore.ts', ...rest, '--into', data, ...wal],
    { cwd: root, stdio: 'inherit' },
  );
  if (status !== 0) {
    // what was laid half must not be started, nor stand in the way of what was there
    rmSync(data, { recursive: true, force: true });
    if (existsSync(before)) renameSync(before, data);
    return status ?? 1;
  }
  emptyProfile(root, name, {
    keeps: ['postgres', 'imported-sample', 'secrets.json', 'ports.json', 'stripe', 'vonage', 'mail'],
  });
  console.line(`the cluster before is in ${before}; now: npm run restore -- finish --profile ${name}`);
  return 0;
}
