import { fileURLToPath } from 'node:url';
import type { Client, Connection, WorkflowHandle } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { CatalogueActivities } from '../../../src/activities/catalogue.js';
import { refusing } from '../../../src/activities/failures.js';
import type { ImportProgress } from '../../../src/domain/catalogue/types.js';
import { newId } from '../../../src/domain/kernel/ids.js';
import { createTemporalClient, createTemporalConnection } from '../../../src/infra/temporal/connection.js';
import { installRuntime } from '../../../src/infra/temporal/worker.js';
import { catalogueImportWorkflowId } from '../../../src/workflows/contracts.js';
import { importLine, openCatalogue, type TestCatalogue } from '../../support/catalogue.js';
import { describeWith, serviceUrl } from '../../support/services.js';

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const lines = (count: number) => Array.from({ length: count }, (_, n) => importLine({ sku: `P-${n}` }));

describeWith(['temporal', 'postgres'], 'import flow', () => {
  const taskQueue = `import-${newId()}`;
  let shop: TestCatalogue;
  let native: NativeConnection;
  let connection: Connection;
  let client: Client;
  let worker: Worker;
  let running: Promise<void>;
  /** What the activity does in this test. */
  let importing: CatalogueActivities['importCatalogue'];

  beforeAll(async () => {
    installRuntime(silent);
    shop = await openCatalogue();
    native = await NativeConnection.connect({ address: serviceUrl('temporal') });
    connection = createTemporalConnection({ address: serviceUrl('temporal') });
    client = createTemporalClient(connection, { namespace: 'default' });
    worker = await Worker.create({
      connection: native,
      taskQueue,
      workflowsPath: fileURLToPath(new URL('../../../src/workflows/catalogue-import.ts', import.meta.url)),
      activities: refusing(
        { ...shop.activities(), importCatalogue: (importId: string) => importing(importId) },
        { log: silent, outage: 'database_unavailable' },
      ),
    });
    running = worker.run();
  }, 180_000);
  afterAll(async () => {
    worker.shutdown();
    await running;
    await connection.close();
    await native.close();
    await shop.close();
  });

  const start = (importId: string): Promise<WorkflowHandle<(input: { importId: string }) => Promise<ImportProgress>>> =>
    client.workflow.start('catalogueImport', {
      taskQueue,
      workflowId: catalogueImportWorkflowId(importId),
      args: [{ importId }],
    });
  const rowOf = async (importId: string) =>
    (
      await shop.rows<{ status: string; failure: string | null; created: number }>(
        'select status, failure, created from imports where id = ?',
        [importId],
      )
    )[0];

  test('import flow, in several slices with a crash between, imports every line once and can be asked', async () => {
    const importId = await shop.request(await shop.file(lines(1_000)));
    let slices = 0;
    importing = async (id) => {
      slices += 1;
      if (slices === 2) throw new Error('crash');
      return shop.activities({ sliceMs: 0 }).importCatalogue(id);
    };
    const handle = await start(importId);
    const result = await handle.result();
    expect(result).toMatchObject({ status: 'completed', linesRead: 1_000, created: 1_000, updated: 0, refused: 0 });
    expect(await handle.query<ImportProgress>('progress')).toEqual(result);
    expect(slices).toBeGreaterThan(3);
    const metadata = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
    expect(metadata.currentDetails).toBe(
      `Import ${importId}: completed after line 1000: 1000 created, 0 updated, 0 unchanged, 0 refused`,
    );
  });

  test('import flow, when the file is missing, fails and says so in the row', async () => {
    const importId = await shop.request('/nowhere/at/all');
    importing = (id) => shop.activities().importCatalogue(id);
    await expect((await start(importId)).result()).rejects.toMatchObject({ cause: { type: 'import_failed' } });
    expect(await rowOf(importId)).toEqual({ status: 'failed', failure: 'import file not found', created: 0 });
  });

  test('import flow, when cancelled between slices, keeps what was imported and marks the row', async () => {
    const importId = await shop.request(
      await shop.file(lines(1_500).map((line) => ({ ...line, sku: `C-${line.sku}` }))),
    );
    let slices = 0;
    importing = async (id) => {
      const progress = await shop.activities({ sliceMs: 0 }).importCatalogue(id);
      slices += 1;
      if (slices === 2) await client.workflow.getHandle(catalogueImportWorkflowId(id)).cancel();
      return progress;
    };
    await expect((await start(importId)).result()).rejects.toThrow('Workflow execution cancelled');
    expect(await rowOf(importId)).toEqual({ status: 'cancelled', failure: null, created: 500 });
  });
});
