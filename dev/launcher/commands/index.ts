import { benchCommand } from './bench.js';
import { buildCommand } from './build.js';
import { chaosCommand } from './chaos.js';
import { chaosShopCommand } from './chaos-shop.js';
import { checkCommand } from './check.js';
import { clientCommand } from './client.js';
import type { Command } from './command.js';
import { demoCommand } from './demo.js';
import { devCommand } from './dev.js';
import { mutantsCommand } from './mutants.js';
import { replayCommand } from './replay.js';
import { restoreCommand } from './restore.js';
import { servicesCommand } from './services.js';
import { taskCommand, type Task } from './tasks.js';
import { testCommand } from './test.js';

const TASKS: readonly Task[] = [
  { name: 'migrate', file: 'src/bin/migrate.ts', summary: 'bring the database up to date', unmigrated: true },
  {
    name: 'import',
    file: 'src/bin/import.ts',
    summary: 'import products from a file; without one, the sample catalogue',
    defaults: ['dev/data/catalog-sample.ndjson.gz'],
    needsWorker: true,
  },
  { name: 'admin', file: 'src/bin/create-admin.ts', summary: 'create the first administrator' },
  {
    name: 'backup',
    file: 'src/bin/backup.ts',
    summary: 'back the database up: base or dump, and a folder',
    needsPrograms: true,
  },
  { name: 'audit', file: 'src/bin/audit.ts', summary: 'check the five promises on what is running; --settle, --json' },
];

export const COMMANDS: Readonly<Record<string, Command>> = {
  demo: demoCommand,
  dev: devCommand,
  services: servicesCommand,
  test: testCommand,
  mutants: mutantsCommand,
  check: checkCommand,
  client: clientCommand,
  build: buildCommand,
  replay: replayCommand,
  bench: benchCommand,
  chaos: chaosCommand,
  'chaos-shop': chaosShopCommand,
  restore: restoreCommand,
  ...Object.fromEntries(TASKS.map((task) => [task.name, taskCommand(task)])),
};
