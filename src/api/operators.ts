import Router from '@koa/router';
import Koa from 'koa';
import type { Clock } from '../domain/kernel/clock.js';
import type { Log } from '../domain/kernel/log.js';
import { errors } from './middleware/errors.js';
import { requestId } from './middleware/request-id.js';
import { securityHeaders } from './middleware/security-headers.js';
import { mount } from './mount.js';
import type { HealthProbe, MetricsText } from './ports.js';
import { createHealthRoutes } from './routes/health.js';
import { createMetricsRouter } from './routes/metrics.js';

export interface OperatorsDeps {
  readonly metrics: MetricsText;
  readonly probes: readonly HealthProbe[];
  readonly log: Log;
  readonly now: Clock;
}

/** Health and figures of a process, for a port that only operators reach: nobody is asked who they are. */
export function createOperatorsApp({ metrics, probes, log, now }: OperatorsDeps): Koa {
  const app = new Koa();
  app.on('error', (error: unknown) => log.error({ error }, 'a response could not be sent'));
  app.use(requestId());
  app.use(securityHeaders({ https: false }));
  app.use(errors({ log, now }));
  const health = new Router();
  mount(health, createHealthRoutes({ probes }), {
    authorise: async () => ({ kind: 'guest', cartToken: null }),
    limitRate: async () => {},
    checkResponses: false,
  });
  for (const router of [health, createMetricsRouter({ metrics, token: null })])
    app.use(router.routes()).use(router.allowedMethods());
  return app;
}
