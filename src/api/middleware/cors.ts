import type { Middleware } from 'koa';

const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE';
const REQUEST_HEADERS =
  'Authorization, Content-Type, Idempotency-Key, If-Match, Last-Event-ID, X-Cart-Token, X-Order-Token, X-Request-Id';
const RESPONSE_HEADERS = 'ETag, Idempotent-Replayed, Location, Retry-After, X-Cart-Token, X-Request-Id';
const REMEMBER_S = '600';

/** Lets the listed origins call from a browser, with cookies. Others get no permission. */
export const cors =
  ({ origins }: { readonly origins: readonly string[] }): Middleware =>
  async (ctx, next) => {
    ctx.vary('Origin');
    const origin = ctx.get('Origin');
    const allowed = origin !== '' && origins.includes(origin);
    if (allowed) {
      ctx.set('Access-Control-Allow-Origin', origin);
      ctx.set('Access-Control-Allow-Credentials', 'true');
      ctx.set('Access-Control-Expose-Headers', RESPONSE_HEADERS);
      ctx.set('Cross-Origin-Resource-Policy', 'cross-origin');
    }
    if (ctx.method !== 'OPTIONS' || ctx.get('Access-Control-Request-Method') === '') return next();
    if (allowed) {
      ctx.set('Access-Control-Allow-Methods', METHODS);
      ctx.set('Access-Control-Allow-Headers', REQUEST_HEADERS);
      ctx.set('Access-Control-Max-Age', REMEMBER_S);
    }
    ctx.status = 204;
  };
