import type { Middleware } from 'koa';

const HEADERS = {
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'interest-cohort=()',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'X-DNS-Prefetch-Control': 'off',
  'X-Permitted-Cross-Domain-Policies': 'none',
  // Answers are personal unless a route says otherwise.
  'Cache-Control': 'no-store',
} as const;

const TWO_YEARS_S = 63_072_000;

export const securityHeaders =
  ({ https }: { readonly https: boolean }): Middleware =>
  async (ctx, next) => {
    ctx.set(HEADERS);
    if (https) ctx.set('Strict-Transport-Security', `max-age=${TWO_YEARS_S}; includeSubDomains`);
    await next();
  };
