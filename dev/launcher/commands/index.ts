import { buildCommand } from './build.js';
import { checkCommand } from './check.js';
import type { Command } from './command.js';
import { demoCommand } from './demo.js';
import { devCommand } from './dev.js';
import { servicesCommand } from './services.js';
import { taskCommand, type Task } from './tasks.js';
import { testCommand } from './test.js';

const TASKS: readonly Task[] = [
  { name: 'migrate', file: 'src/bin/migrate.ts', summary: 'bring the database up to date' },
  {
    name: 'import',
    file: 'src/bin/import.ts',
    summary: 'import products from a file; without one, the sample catalogue',
    defaults: ['dev/data/catalog-sample.ndjson.gz'],
    needsWorker: true,
  },
  { name: 'admin', file: 'src/bin/create-admin.ts', summary: 'create the first administrator' },
  { name: 'audit', file: 'src/bin/audit.ts', summary: 'check the promises on live data' },
  { name: 'replay', file: 'src/bin/replay.ts', summary: 'replay what runs now against this build' },
];

export const COMMANDS: Readonly<Record<string, Command>> = {
  demo: demoCommand,
  dev: devCommand,
  services: servicesCommand,
  test: testCommand,
  check: checkCommand,
  build: buildCommand,
  ...Object.fromEntries(TASKS.map((task) => [task.name, taskCommand(task)])),
};
