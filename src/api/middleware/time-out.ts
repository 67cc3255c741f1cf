import type { Middleware } from 'koa';
import { DomainError } from '../../domain/kernel/errors.js';
import type { Log } from '../../domain/kernel/log.js';

/** Answers for a handler that takes too long. What it does goes on: a repeat needs the same Idempotency-Key. */
export const timeOut =
  ({ ms, log }: { readonly ms: number; readonly log: Log }): Middleware =>
  async (ctx, next) => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(resolve, ms, 'late');
    });
    const work = next();
    try {
      if ((await Promise.race([work, late])) !== 'late') return;
      work.catch((error: unknown) =>
        log.error({ request_id: ctx.state['requestId'], error }, 'request failed after it was given up'),
      );
      throw new DomainError('request_timeout', 'this takes too long; please try again');
    } finally {
      clearTimeout(timer);
    }
  };
