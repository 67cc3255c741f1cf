/** Brings the database up to date. */
import { loadConfig } from '../config.js';
import { migrate } from '../infra/db/migrate.js';

const ran = await migrate(loadConfig().database.url);
process.stdout.write(ran.length === 0 ? 'The database is up to date.\n' : `Migrated: ${ran.join(', ')}.\n`);
