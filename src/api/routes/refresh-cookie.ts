import type { Context } from 'koa';

const NAME = 'refresh_token';
const PATH = '/api/v1/auth';

export interface RefreshCookie {
  /** The header that makes a browser keep the token, out of reach of scripts and for these calls only. */
  keep(token: string, lifetimeMs: number): Readonly<Record<string, string>>;
  drop(): Readonly<Record<string, string>>;
  read(ctx: Context): string | null;
}

export function createRefreshCookie({ secure }: { readonly secure: boolean }): RefreshCookie {
  const header = (value: string, lifetimeS: number) => ({
    'Set-Cookie': [
      `${NAME}=${value}`,
      `Path=${PATH}`,
      `Max-Age=${lifetimeS}`,
      'HttpOnly',
      'SameSite=Strict',
      ...(secure ? ['Secure'] : []),
    ].join('; '),
  });
  return {
    keep: (token, lifetimeMs) => header(token, Math.floor(lifetimeMs / 1_000)),
    drop: () => header('', 0),
    read: (ctx) => ctx.cookies.get(NAME) ?? null,
  };
}
