import { z } from 'zod';
import { endpoint, type Endpoint } from '../endpoint.js';
import { RETRY_AFTER_S } from '../middleware/errors.js';
import type { HealthProbe } from '../ports.js';

const CHECK_MS = 2_000;

const Live = z.strictObject({ status: z.literal('live') });
const Ready = z.strictObject({
  status: z.enum(['ready', 'degraded', 'unavailable']),
  checks: z.record(z.string(), z.enum(['up', 'down'])),
});

/** Outside `/api/v1`, for orchestrators and load balancers. */
export function createHealthRoutes({ probes }: { readonly probes: readonly HealthProbe[] }): Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/health/live',
      operationId: 'live',
      summary: 'Whether the process runs',
      tag: 'health',
      access: 'open',
      responses: { 200: Live },
      handle: async () => ({ status: 200, body: { status: 'live' } }),
    }),
    endpoint({
      method: 'get',
      path: '/health/ready',
      operationId: 'ready',
      summary: 'Whether requests can be served; degraded without what only makes things faster or better',
      tag: 'health',
      access: 'open',
      responses: { 200: Ready, 503: Ready },
      handle: async () => {
        const results = await Promise.all(probes.map(async (probe) => ({ probe, up: await answers(probe) })));
        const down = results.filter(({ up }) => !up);
        const unavailable = down.some(({ probe }) => probe.required);
        return {
          status: unavailable ? 503 : 200,
          headers: unavailable ? { 'Retry-After': RETRY_AFTER_S } : {},
          body: {
            status: unavailable ? 'unavailable' : down.length > 0 ? 'degraded' : 'ready',
            checks: Object.fromEntries(results.map(({ probe, up }) => [probe.name, up ? 'up' : 'down'])),
          },
        };
      },
    }),
  ];
}

async function answers(probe: HealthProbe): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, CHECK_MS, false);
  });
  const check = probe.check().then(
    () => true,
    () => false,
  );
  const up = await Promise.race([check, late]);
  clearTimeout(timer);
  return up;
}
