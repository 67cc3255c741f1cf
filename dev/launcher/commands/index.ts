import { buildCommand } from './build.js';
import { checkCommand } from './check.js';
import type { Command } from './command.js';
import { demoCommand } from './demo.js';
import { devCommand } from './dev.js';
import { servicesCommand } from './services.js';
import { taskCommand } from './tasks.js';
import { testCommand } from './test.js';

export const COMMANDS: Readonly<Record<string, Command>> = {
  demo: demoCommand,
  dev: devCommand,
  services: servicesCommand,
  test: testCommand,
  check: checkCommand,
  build: buildCommand,
  migrate: taskCommand('migrate', 'src/bin/migrate.ts', 'bring the database up to date'),
  import: taskCommand('import', 'src/bin/import.ts', 'import products from a file; the sample catalogue without one', [
    'dev/data/catalog-sample.ndjson.gz',
  ]),
  admin: taskCommand('admin', 'src/bin/create-admin.ts', 'create the first administrator'),
  audit: taskCommand('audit', 'src/bin/audit.ts', 'check the promises on live data'),
  replay: taskCommand('replay', 'src/bin/replay.ts', 'replay what runs now against this build'),
};
