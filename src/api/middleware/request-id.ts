import type { Middleware } from 'koa';
import { newId } from '../../domain/kernel/ids.js';

const WELL_FORMED = /^[\w.:-]{8,128}$/;

/** Keeps the caller's X-Request-Id where it is well-formed, so that one id runs through all systems. */
export const requestId = (): Middleware => async (ctx, next) => {
  const given = ctx.get('X-Request-Id');
  const id = WELL_FORMED.test(given) ? given : newId();
  ctx.state['requestId'] = id;
  ctx.set('X-Request-Id', id);
  await next();
};
