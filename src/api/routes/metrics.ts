import { createHash, timingSafeEqual } from 'node:crypto';
import Router from '@koa/router';
import type { Context } from 'koa';
import { DomainError } from '../../domain/kernel/errors.js';
import type { MetricsText } from '../ports.js';

export interface MetricsRouteDeps {
  readonly metrics: MetricsText;
  /** What operators must send as a bearer token; null where the port itself is out of the public's reach. */
  readonly token: string | null;
}

/** `/metrics`: figures in Prometheus' text format. */
export function createMetricsRouter({ metrics, token }: MetricsRouteDeps): Router {
  const router = new Router();
  router.get('/metrics', async (ctx) => {
    ctx.state['operation'] = 'metrics';
    if (token !== null && !carries(ctx, token)) {
      ctx.set('WWW-Authenticate', 'Bearer');
      throw new DomainError('unauthenticated', 'these figures are for operators');
    }
    ctx.set('Content-Type', metrics.contentType);
    ctx.body = await metrics.text();
  });
  return router;
}

/** Compares hashes, as they are of one length whatever was sent. */
function carries(ctx: Pick<Context, 'get'>, token: string): boolean {
  const sent = /^Bearer +(\S+)$/i.exec(ctx.get('Authorization'))?.[1] ?? '';
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(sent), hash(token));
}
