import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { createCatalogueActivities, type CatalogueActivityDeps } from '../../src/activities/catalogue.js';
import { requestImport, type ImportProgress } from '../../src/domain/catalogue/index.js';
import { newId } from '../../src/domain/kernel/ids.js';
import { createOrm } from '../../src/infra/db/orm.js';
import { createQuery, createTransact } from '../../src/infra/db/transact.js';
import { createLineSource } from '../../src/infra/files/line-source.js';
import { freshDatabase } from './database.js';

export interface TestLine {
  readonly sku: string;
  readonly [field: string]: unknown;
}

/** A valid import line; `change` wins. */
export const importLine = (change: TestLine): TestLine => ({
  title: `Product ${change.sku}`,
  brand: 'Acme',
  category: ['Cables', 'USB cables'],
  price_cents: 1_000,
  currency: 'USD',
  ...change,
});

type ImportDeps = Pick<CatalogueActivityDeps, 'transact' | 'query' | 'source'>;

/** Imports lines into any test's database. */
export async function importInto(deps: ImportDeps, lines: readonly TestLine[]): Promise<ImportProgress> {
  const folder = await mkdtemp(join(tmpdir(), 'catalogue-'));
  try {
    const source = join(folder, 'lines.ndjson');
    await writeFile(source, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const importId = newId();
    await deps.transact((em) => requestImport(em, { importId, source, startedBy: null }));
    const { importCatalogue } = createCatalogueActivities({
      ...deps,
      currency: 'USD',
      now: () => new Date(),
      sliceMs: 60_000,
    });
    return await new MockActivityEnvironment().run<[string], ImportProgress, typeof importCatalogue>(
      importCatalogue,
      importId,
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A database of its own with the importer on top; `close` drops both. */
export async function openCatalogue() {
  const database = await freshDatabase();
  const folder = await mkdtemp(join(tmpdir(), 'catalogue-'));
  const orm = createOrm({ url: database.url, poolMax: 4 });
  const transact = createTransact(orm);
  const query = createQuery(orm);

  const activities = (change: Partial<CatalogueActivityDeps> = {}) =>
    createCatalogueActivities({
      transact,
      query,
      source: createLineSource(),
      currency: 'USD',
      now: () => new Date(),
      sliceMs: 60_000,
      ...change,
    });

  return {
    orm,
    transact,
    query,
    activities,
    rows: <T>(sql: string, params: readonly unknown[] = []): Promise<T[]> =>
      query((em) => em.execute<T[]>(sql, [...params])),

    /** The statements that ran meanwhile. */
    async statements(work: () => Promise<unknown>): Promise<string[]> {
      const seen: string[] = [];
      const logger = orm.config.getLogger();
      const logQuery = logger.logQuery.bind(logger);
      logger.logQuery = ({ query: statement }) => void seen.push(statement ?? '');
      await work().finally(() => {
        logger.logQuery = logQuery;
      });
      return seen;
    },

    /** Writes lines to a file; text stands as it is. */
    async file(lines: readonly (TestLine | string)[]): Promise<string> {
      const path = join(folder, `${newId()}.ndjson`);
      await writeFile(
        path,
        lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join(''),
      );
      return path;
    },

    async request(source: string): Promise<string> {
      const importId = newId();
      await transact((em) => requestImport(em, { importId, source, startedBy: null }));
      return importId;
    },

    async run(importId: string, change: Partial<CatalogueActivityDeps> = {}): Promise<ImportProgress> {
      const { importCatalogue } = activities(change);
      return new MockActivityEnvironment().run<[string], ImportProgress, typeof importCatalogue>(
        importCatalogue,
        importId,
      );
    },

    async import(lines: readonly (TestLine | string)[]): Promise<ImportProgress> {
      return this.run(await this.request(await this.file(lines)));
    },

    async close(): Promise<void> {
      await orm.close(true);
      await database.drop();
      await rm(folder, { recursive: true });
    },
  };
}

export type TestCatalogue = Awaited<ReturnType<typeof openCatalogue>>;
