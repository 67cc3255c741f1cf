import Koa from 'koa';
import { z } from 'zod';
import { endpoint } from '../../../src/api/endpoint.js';
import { createDocsRouter } from '../../../src/api/openapi/docs-page.js';
import { serve } from '../../../src/api/serve.js';
import type { Log } from '../../../src/domain/kernel/log.js';

const SILENT: Log = { child: () => SILENT, debug() {}, info() {}, warn() {}, error() {} };

test('the OpenAPI document is made when it is first asked for, and once', async () => {
  let described = 0;
  const ping = endpoint({
    method: 'get',
    path: '/ping',
    operationId: 'ping',
    get summary() {
      described += 1;
      return 'Anybody there?';
    },
    tag: 'test',
    access: 'anyone',
    responses: { 200: z.strictObject({}) },
    handle: async () => ({ status: 200, body: {} }),
  });
  const router = createDocsRouter({ endpoints: [ping], apiPrefix: '', health: [], publicUrl: '' });
  const app = new Koa();
  app.use(router.routes());
  const serving = await serve(app, { host: '127.0.0.1', port: 0, log: SILENT });
  try {
    expect(described).toBe(0);
    for (let time = 1; time <= 2; time += 1) {
      const response = await fetch(`http://127.0.0.1:${serving.port}/openapi.json`);
      expect(await response.json()).toMatchObject({ paths: { '/ping': { get: { summary: 'Anybody there?' } } } });
      expect(described).toBe(1);
    }
  } finally {
    await serving.stop(1_000);
  }
});
