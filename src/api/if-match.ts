import type { Context } from 'koa';

/** The version in If-Match; null where none was sent. What is no version of ours matches nothing. */
export function readIfMatch(ctx: Context): number | null {
  const header = ctx.get('If-Match').trim();
  if (header === '' || header === '*') return null;
  const version = /^(?:W\/)?"(\d{1,9})"$/.exec(header)?.[1];
  return version === undefined ? -1 : Number(version);
}

export const etag = (version: number): string => `"${version}"`;
