import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createWebhookRoutes } from '../../src/api/routes/webhooks.js';
import type { FlowWorld } from './flow-world.js';
import { WEBHOOK_SECRET } from '../unit/simulators/stripe-bench.js';

/** The API's own webhook handler, called by the simulated provider; `hold` keeps its events back until `release`. */
export async function openWebhook(world: FlowWorld) {
  const [route] = createWebhookRoutes({
    transact: world.transact,
    query: world.query,
    flows: world.flows,
    gateways: new Map([['stripe', world.gateway]]),
  });
  if (route === undefined) throw new Error('no webhook route');
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const ctx = { get: (name: string) => String(request.headers[name.toLowerCase()] ?? '') };
      Promise.resolve(route.handle({ rawBody: Buffer.concat(chunks), ctx } as never)).then(
        () => response.writeHead(200).end(),
        () => response.writeHead(503).end(),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  world.stripe.simulator.setWebhook({ url: `http://127.0.0.1:${port}/`, secrets: [WEBHOOK_SECRET] });
  return {
    async close(): Promise<void> {
      world.stripe.simulator.setWebhook(null);
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
