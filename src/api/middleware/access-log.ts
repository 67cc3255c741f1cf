import type { Middleware } from 'koa';
import type { Log } from '../../domain/kernel/log.js';

/** One line a request. The query is left out, as it may carry tokens; so is the address. */
export const accessLog =
  ({ log }: { readonly log: Log }): Middleware =>
  async (ctx, next) => {
    const began = performance.now();
    await next();
    const fields = {
      request_id: ctx.state['requestId'] as string,
      user_id: ctx.state['userId'] as string | undefined,
      workflow_id: ctx.state['workflowId'] as string | undefined,
      method: ctx.method,
      path: ctx.path.slice(0, 200),
      status: ctx.status,
      code: ctx.state['errorCode'] as string | undefined,
      duration_ms: Math.round((performance.now() - began) * 10) / 10,
    };
    if (ctx.status >= 500) log.warn(fields, 'request');
    else log.info(fields, 'request');
  };
