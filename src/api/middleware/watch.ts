import type { Middleware } from 'koa';
import type { WatchRequest } from '../ports.js';

/** An address that no operation has: its path may be anything, so it is not told. */
const UNKNOWN = 'unknown';
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Lets `watch` stand around the request. */
export const watched =
  (watch: WatchRequest): Middleware =>
  (ctx, next) =>
    watch(
      {
        method: METHODS.has(ctx.method) ? ctx.method : 'other',
        requestId: ctx.state['requestId'] as string,
        header: (name) => ctx.get(name),
      },
      async () => {
        await next();
        return { operation: (ctx.state['operation'] as string | undefined) ?? UNKNOWN, status: ctx.status };
      },
    );
