import type { Middleware } from 'koa';
import { DomainError } from '../../domain/kernel/errors.js';

/** Refuses addresses that do not decode, or to text that PostgreSQL cannot store, before they reach a handler. */
export const wellFormedUrl = (): Middleware => async (ctx, next) => {
  if (!decodes(ctx.url)) throw new DomainError('bad_request', 'the address is not valid percent-encoded UTF-8');
  await next();
};

function decodes(url: string): boolean {
  try {
    return !decodeURIComponent(url).includes('\0');
  } catch {
    return false;
  }
}
