import { MikroORM } from '@mikro-orm/postgresql';
import { Migrator } from '@mikro-orm/migrations';
import { migrations } from './migrations/index.js';

const ADVISORY_LOCK = 7_237_873;

/** Brings the database up to date; two at once wait for each other. Answers the names that ran. */
export async function migrate(databaseUrl: string): Promise<string[]> {
  const orm = new MikroORM({
    clientUrl: databaseUrl,
    entities: [],
    discovery: { warnWhenNoEntities: false },
    extensions: [Migrator],
    pool: { min: 0, max: 2 },
    migrations: { migrationsList: migrations, tableName: 'migrations', snapshot: false, silent: true },
  });
  try {
    await orm.connect();
    return await orm.em.transactional(async (em) => {
      await em.execute('select pg_advisory_xact_lock(?)', [ADVISORY_LOCK]);
      const ran = await orm.migrator.up();
      return ran.map((migration) => migration.name);
    });
  } finally {
    await orm.close(true);
  }
}
