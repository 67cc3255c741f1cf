import type { Middleware } from 'koa';
import type { Log } from '../../domain/kernel/log.js';

/** What our paths are made of: words, slugs and ids. Anything else that stands in one may be an address or a number of somebody's. */
const OURS = /^(?!\d{7,}$)[\w.:-]*$/;
const LONGEST = 200;

const withoutForeign = (path: string): string =>
  path
    .slice(0, LONGEST)
    .split('/')
    .map((part) => (OURS.test(part) ? part : '…'))
    .join('/');

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
      path: withoutForeign(ctx.path),
      status: ctx.status,
      code: ctx.state['errorCode'] as string | undefined,
      duration_ms: Math.round((performance.now() - began) * 10) / 10,
    };
    if (ctx.status >= 500) log.warn(fields, 'request');
    else log.info(fields, 'request');
  };
