import type Router from '@koa/router';
import type { Context } from 'koa';
import { hashBody } from '../domain/idempotency/index.js';
import { DomainError } from '../domain/kernel/errors.js';
import type { Caller } from '../domain/users/types.js';
import { parse, type Access, type Endpoint } from './endpoint.js';
import { createClaim, readIdempotencyKey } from './idempotency.js';
import { parseJson, readBody } from './middleware/body.js';
import { allowTime } from './middleware/time-out.js';
import { assertDocumented } from './openapi/documented.js';
import { assertRefusalDocumented } from './refusals.js';

export interface MountDeps {
  /** Refuses callers whom `access` does not admit. */
  readonly authorise: (ctx: Context, access: Access) => Promise<Caller>;
  /** Refuses callers who call too often. */
  readonly limitRate: (ctx: Context, endpoint: Endpoint, caller: Caller | null) => Promise<void>;
  /** Fails a request whose answer or refusal is not what the OpenAPI document says: for tests. */
  readonly checkResponses: boolean;
}

/** Routes the endpoints: who calls, how often, is the request valid; then the handler and its reply. */
export function mount(router: Router, endpoints: readonly Endpoint[], deps: MountDeps): void {
  for (const each of endpoints)
    router[each.method](each.path, async (ctx) => {
      ctx.state['operation'] = each.operationId;
      try {
        await answer(ctx, each, deps);
      } catch (error) {
        if (deps.checkResponses && error instanceof DomainError) assertRefusalDocumented(each, error.code);
        throw error;
      }
    });
}

async function answer(ctx: Context, endpoint: Endpoint, deps: MountDeps): Promise<void> {
  const caller = await admit(ctx, endpoint, deps);
  const params = endpoint.params === undefined ? undefined : parse(endpoint.params, ctx['params'], 'path');
  const query = endpoint.query === undefined ? undefined : parse(endpoint.query, { ...ctx.query }, 'query');
  const rawBody = endpoint.body === undefined && endpoint.rawBody === undefined ? EMPTY : await readBody(ctx.req);
  const body = endpoint.body === undefined ? undefined : parse(endpoint.body, parseJson(ctx, rawBody), 'body');

  if (endpoint.streamedBody !== undefined) allowTime(ctx, endpoint.streamedBody.timeoutMs);

  const idempotencyKey = readIdempotencyKey(ctx, endpoint);
  const claim = createClaim({
    caller,
    key: idempotencyKey,
    operation: endpoint.operationId,
    bodyHash: hashBody({ params, body }),
  });
  const reply = await endpoint.handle({
    params,
    query,
    body,
    caller,
    requestId: ctx.state['requestId'] as string,
    idempotencyKey,
    claim: claim.make,
    unclaim: claim.free,
    rawBody,
    ctx,
  });
  if (idempotencyKey !== null && endpoint.idempotency !== 'own' && !claim.made())
    throw new Error(`${endpoint.operationId} did not claim its Idempotency-Key`);
  if (deps.checkResponses) assertDocumented(endpoint, reply);

  if (claim.replayed() && reply.replayed !== false) ctx.set('Idempotent-Replayed', 'true');
  for (const [name, value] of Object.entries(reply.headers ?? {})) ctx.set(name, value);
  ctx.status = reply.status;
  if (reply.body !== undefined) ctx.body = reply.body;
}

/** Strict rules count before anything is looked up; refused callers count too, by their address. */
async function admit(ctx: Context, endpoint: Endpoint, { authorise, limitRate }: MountDeps): Promise<Caller> {
  await limitRate(ctx, endpoint, null);
  const caller = await authorise(ctx, endpoint.access).catch(async (error: unknown) => {
    await limitRate(ctx, endpoint, GUEST);
    throw error;
  });
  await limitRate(ctx, endpoint, caller);
  return caller;
}

const GUEST: Caller = { kind: 'guest', cartToken: null };
const EMPTY = Buffer.alloc(0);
