import type Router from '@koa/router';
import type { Context } from 'koa';
import type { z } from 'zod';
import { DomainError, type ErrorDetail } from '../domain/kernel/errors.js';
import type { Caller } from '../domain/users/types.js';

/**
 * Who may call: anyone; a guest or customer; a customer; or who has a permission. `open` is anyone too, but an access
 * token that came along is not even looked at: for calls that are made because it expired.
 */
export type Access = 'open' | 'anyone' | 'guest' | 'customer' | { readonly permission: string };

export interface Reply {
  readonly status: number;
  /** Whitelisted by a presenter; absent with 204. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Request<Params, Input, Body> {
  readonly params: Params;
  readonly query: Input;
  readonly body: Body;
  readonly caller: Caller;
  readonly requestId: string;
  /** For what is beyond a plain reply: streams, cookies, raw bodies. */
  readonly ctx: Context;
}

type Parsed<S> = S extends z.ZodType ? z.output<S> : undefined;

/** One call of the API: all that routing, validation, authorisation and the OpenAPI document need. */
export interface Endpoint<
  P extends z.ZodType | undefined = z.ZodType | undefined,
  Q extends z.ZodType | undefined = z.ZodType | undefined,
  B extends z.ZodType | undefined = z.ZodType | undefined,
> {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** Below `/api/v1`, in the router's form: `/orders/:id`. */
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly tag: string;
  readonly access: Access;
  readonly params?: P;
  readonly query?: Q;
  /** Strict objects only: an unknown field is refused by name. */
  readonly body?: B;
  /** Status to response schema; null where there is no body. */
  readonly responses: Readonly<Record<number, z.ZodType | null>>;
  /** Runs its handler at most once per caller and Idempotency-Key. Checkout maps keys itself. */
  readonly idempotency?: 'required' | 'optional' | 'own';
  handle(request: Request<Parsed<P>, Parsed<Q>, Parsed<B>>): Promise<Reply>;
}

/** Keeps the types of the schemas in the handler; erased in lists of endpoints. */
export function endpoint<
  P extends z.ZodType | undefined = undefined,
  Q extends z.ZodType | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
>(definition: Endpoint<P, Q, B>): Endpoint {
  return definition as unknown as Endpoint;
}

/** Routes the endpoints; `authorise` refuses callers whom `access` does not admit. */
export function mount(
  router: Router,
  endpoints: readonly Endpoint[],
  authorise: (ctx: Context, access: Access) => Promise<Caller>,
): void {
  for (const each of endpoints) {
    router[each.method](each.path, async (ctx) => {
      const caller = await authorise(ctx, each.access);
      const reply = await each.handle({
        params: each.params === undefined ? undefined : parse(each.params, ctx['params'], 'path'),
        query: each.query === undefined ? undefined : parse(each.query, ctx.query, 'query'),
        body: each.body === undefined ? undefined : parse(each.body, ctx.request.body ?? {}, 'body'),
        caller,
        requestId: ctx.state['requestId'] as string,
        ctx,
      });
      for (const [name, value] of Object.entries(reply.headers ?? {})) ctx.set(name, value);
      ctx.status = reply.status;
      if (reply.body !== undefined) ctx.body = reply.body;
    });
  }
}

/** @throws DomainError `validation_failed` naming every bad field */
export function parse<S extends z.ZodType>(schema: S, input: unknown, where: 'path' | 'query' | 'body'): z.output<S> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new DomainError('validation_failed', `the ${where} is not valid`, {}, parsed.error.issues.flatMap(details));
}

function details(issue: z.core.$ZodIssue): ErrorDetail[] {
  const at = issue.path.map(String);
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ field: [...at, key].join('.'), message: 'unknown field' }));
  return [{ field: at.join('.') || '(root)', message: issue.message }];
}
