import Router from '@koa/router';
import Koa from 'koa';
import type { ApiDeps } from './deps.js';
import { createFlowNotes } from './flow-notes.js';
import { accessLog } from './middleware/access-log.js';
import { createAuthorise } from './middleware/auth.js';
import { cors } from './middleware/cors.js';
import { errors } from './middleware/errors.js';
import { createLimitRate } from './middleware/rate-limits.js';
import { requestId } from './middleware/request-id.js';
import { securityHeaders } from './middleware/security-headers.js';
import { timeOut } from './middleware/time-out.js';
import { wellFormedUrl } from './middleware/well-formed-url.js';
import { watched } from './middleware/watch.js';
import { mount, type MountDeps } from './mount.js';
import { createDocsRouter } from './openapi/docs-page.js';
import { createEndpoints } from './routes/index.js';
import { createHealthRoutes } from './routes/health.js';
import { createMetricsRouter } from './routes/metrics.js';

const REQUEST_TIMEOUT_MS = 15_000;
const API_PREFIX = '/api/v1';

/** The whole API as a Koa application; it listens nowhere yet. */
export function createApp(deps: ApiDeps): Koa {
  const { config, log, now } = deps;
  const { http } = config;
  const app = new Koa({ proxy: http.trustedProxies > 0, maxIpsCount: http.trustedProxies });
  app.on('error', (error: unknown) => log.error({ error }, 'a response could not be sent'));

  app.use(requestId());
  for (const watch of deps.watch ?? []) app.use(watched(watch));
  const { flows, noteFlow } = createFlowNotes(deps.flows);
  app.use(accessLog({ log }));
  app.use(noteFlow);
  app.use(securityHeaders({ https: http.publicUrl.startsWith('https:') }));
  app.use(cors({ origins: http.corsOrigins }));
  app.use(errors({ log, now }));
  app.use(wellFormedUrl());
  app.use(timeOut({ ms: deps.requestTimeoutMs ?? REQUEST_TIMEOUT_MS, log }));

  const mountDeps: MountDeps = {
    authorise: createAuthorise({ tokens: deps.accessTokens, sessions: deps.sessionCache, query: deps.query }),
    limitRate: createLimitRate({ limiter: deps.rateLimiter, on: http.rateLimits }),
    checkResponses: config.environment === 'test',
  };
  const endpoints = createEndpoints({ ...deps, flows });
  const api = new Router({ prefix: API_PREFIX });
  mount(api, endpoints, mountDeps);
  const system = new Router();
  const health = createHealthRoutes(deps);
  mount(system, health, { ...mountDeps, limitRate: async () => {} });

  const { metrics } = deps;
  for (const router of [
    api,
    system,
    ...(metrics === undefined ? [] : [createMetricsRouter({ metrics: metrics.source, token: metrics.token })]),
    createDocsRouter({ endpoints, apiPrefix: API_PREFIX, health, publicUrl: http.publicUrl }),
  ])
    app.use(router.routes()).use(router.allowedMethods());
  return app;
}
