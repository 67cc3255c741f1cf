import type { Context, Middleware } from 'koa';
import { DomainError } from '../../domain/kernel/errors.js';
import type { Log } from '../../domain/kernel/log.js';

/** Gives the request under way this long from now on, instead of what all have. */
export const allowTime = (ctx: Context, ms: number): void => (ctx.state['allowTime'] as (ms: number) => void)(ms);

/** Answers for a handler that takes too long. What it does goes on: a repeat needs the same Idempotency-Key. */
export const timeOut =
  ({ ms, log }: { readonly ms: number; readonly log: Log }): Middleware =>
  async (ctx, next) => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      const allow = (time: number): void => {
        clearTimeout(timer);
        timer = setTimeout(resolve, time, 'late');
      };
      ctx.state['allowTime'] = allow;
      allow(ms);
    });
    const work = next();
    try {
      if ((await Promise.race([work, late])) !== 'late') return;
      work.catch((error: unknown) =>
        log.error({ request_id: ctx.state['requestId'], error }, 'request failed after it was given up'),
      );
      // a body that is still coming would keep the connection
      if (!ctx.req.complete) ctx.set('Connection', 'close');
      throw new DomainError('request_timeout', 'this takes too long; please try again');
    } finally {
      clearTimeout(timer);
    }
  };
