import type { Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { refusing } from '../../../src/activities/failures.js';
import { createSearchActivities } from '../../../src/activities/search.js';
import { newId } from '../../../src/domain/kernel/ids.js';
import { createOutbox } from '../../../src/domain/outbox/index.js';
import { createElasticsearchIndex, type ElasticsearchIndex } from '../../../src/infra/elasticsearch/search-index.js';
import { createTemporalClient, createTemporalConnection } from '../../../src/infra/temporal/connection.js';
import { createFlows } from '../../../src/infra/temporal/flows.js';
import { createOutboxRelay } from '../../../src/infra/temporal/outbox-relay.js';
import { installRuntime } from '../../../src/infra/temporal/worker.js';
import { openApp, type TestApp } from '../../support/app.js';
import { describeWith, serviceUrl } from '../../support/services.js';
import { until } from '../../support/until.js';
import { workflowBundlePath } from '../../support/workflow-bundle.js';

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
/** A busy machine is no outage. */
const PATIENCE_MS = 30_000;

describeWith(
  ['postgres', 'redis', 'temporal', 'elasticsearch'],
  'the search index, over relay, flow and worker',
  () => {
    const taskQueue = `index-${newId()}`;
    const stop = new AbortController();
    let app: TestApp;
    let index: ElasticsearchIndex;
    let connection: Connection;
    let native: NativeConnection;
    let worker: Worker;
    let running: Promise<unknown>;
    let headers: Record<string, string>;

    beforeAll(async () => {
      installRuntime(silent);
      app = await openApp();
      ({ headers } = await app.login({ roles: ['admin'] }));
      index = createElasticsearchIndex({
        url: serviceUrl('elasticsearch'),
        alias: `test-${newId()}`,
        searchTimeoutMs: PATIENCE_MS,
        writeTimeoutMs: PATIENCE_MS,
      });
      // Filled already: the flow that fills it has one id for all tests.
      await index.ensure();
      await index.activate();
      native = await NativeConnection.connect({ address: serviceUrl('temporal') });
      connection = createTemporalConnection({ address: serviceUrl('temporal') });
      const client = createTemporalClient(connection, { namespace: 'default' });
      worker = await Worker.create({
        connection: native,
        taskQueue,
        workflowBundle: { codePath: await workflowBundlePath() },
        activities: refusing(createSearchActivities({ ...app.deps, index }), {
          log: silent,
          outage: 'search_unavailable',
        }),
      });
      const flows = createFlows({ client, taskQueue, deadlineMs: PATIENCE_MS });
      const relay = createOutboxRelay({ outbox: createOutbox(app.deps), flows, log: silent, everyMs: 50 });
      running = Promise.all([worker.run(), relay.run(stop.signal)]);
    }, 180_000);
    afterAll(async () => {
      stop.abort();
      worker.shutdown();
      await running;
      await connection.close();
      await native.close();
      await index.drop();
      await index.close();
      await app.close();
    });

    const call = async (method: string, path: string, body: object): Promise<{ id: string }> => {
      const answer = await app.call<{ id: string }>(method, `/admin${path}`, { headers, body });
      if (answer.status >= 300) throw new Error(`${method} ${path} answered ${JSON.stringify(answer)}`);
      return answer.body;
    };
    const found = async (text: string): Promise<string[]> => {
      await index.refresh();
      const { hits } = await index.search({ text, sort: 'relevance', limit: 10, position: { skip: 0 } });
      return hits.map(({ id }) => id);
    };
    const finds = (text: string, ids: readonly string[]): Promise<unknown> =>
      until(
        `finding it as ${text}`,
        () => found(text),
        (seen) => JSON.stringify(seen) === JSON.stringify(ids),
      );

    test('follows a product from its making over each change of it and of its category to its end', async () => {
      const { id: shelf } = await call('POST', '/categories', { name: 'Zithers' });
      const { id } = await call('POST', '/products', {
        sku: 'FOLLOW-1',
        title: 'Quokkalike instrument',
        category_id: shelf,
        price: { amount: 1_000, currency: 'USD' },
        status: 'published',
      });
      await finds('quokkalike', [id]);
      await finds('zithers', [id]);

      await call('PATCH', `/products/${id}`, { title: 'Wombatlike instrument' });
      await finds('wombatlike', [id]);
      expect(await found('quokkalike')).toEqual([]);

      await call('PATCH', `/categories/${shelf}`, { name: 'Dulcimers' });
      await finds('dulcimers', [id]);
      expect(await found('zithers')).toEqual([]);

      await call('PATCH', `/products/${id}`, { status: 'archived' });
      await finds('wombatlike', []);
      await call('PATCH', `/products/${id}`, { status: 'draft' });
      await call('PATCH', `/products/${id}`, { status: 'published' });
      await finds('wombatlike', [id]);
      const gone = await app.call('DELETE', `/admin/products/${id}`, { headers });
      expect(gone.status).toBe(204);
      await finds('wombatlike', []);
    }, 180_000);
  },
);
