import type { EntityManager } from '@mikro-orm/postgresql';
import type { Context } from 'koa';
import type { z } from 'zod';
import type { IdempotencyOutcome } from '../domain/idempotency/index.js';
import { DomainError, type ErrorCode, type ErrorDetail } from '../domain/kernel/errors.js';
import type { Permission } from '../domain/users/index.js';
import type { Caller } from '../domain/users/types.js';

/**
 * Who may call: anyone; a guest or customer; a customer; or who has a permission. `open` is anyone too, but an access
 * token that came along is not even looked at: for calls that are made because it expired.
 */
export type Access = 'open' | 'anyone' | 'guest' | 'customer' | { readonly permission: Permission };

export interface Reply {
  readonly status: number;
  /** Whitelisted by a presenter; absent with 204. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** False where a key's repeat had to be done anew, as what it made is gone. */
  readonly replayed?: false;
}

export interface Request<Params, Input, Body> {
  readonly params: Params;
  readonly query: Input;
  readonly body: Body;
  readonly caller: Caller;
  readonly requestId: string;
  /** Null where none was sent, or the endpoint knows none. */
  readonly idempotencyKey: string | null;
  /**
   * Claims the Idempotency-Key for what is about to be made or changed, in the transaction that does so. When
   * `replayed`, nothing may be done: the answer is made from the row named. Without a key this is nobody's replay.
   * A guest who sent no cart token claims nothing, unless `scope` names who that guest has become.
   */
  claim(em: EntityManager, resourceId: string, scope?: string): Promise<IdempotencyOutcome>;
  /**
   * Gives the key free again where the claim had to commit before what it is for: a flow's command, which was refused.
   * Not after an answer that leaves open whether it was done.
   */
  unclaim(em: EntityManager): Promise<void>;
  /** The body as sent; for endpoints with `rawBody`. */
  readonly rawBody: Buffer;
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
  /** Codes of its own rules, beside those that follow from this definition (`refusalsOf`); tests refuse any other. */
  readonly refuses?: readonly ErrorCode[];
  /** Hands the body over as bytes, of whatever media type: for signatures. */
  readonly rawBody?: true;
  /** Leaves the body to the handler, who reads it from `ctx.req` and has this long. Milliseconds. */
  readonly streamedBody?: { readonly timeoutMs: number; readonly mediaTypes: readonly string[] };
  /**
   * `strict`: a few calls a minute and address, for what can be guessed or costs much. Writes below /auth are.
   * `none`: for what a provider signs, and sends from few addresses.
   */
  readonly rateLimit?: 'strict' | 'none';
  /**
   * Whether an Idempotency-Key may or must be sent. The handler must `claim` it, in the transaction of its change.
   * Checkout maps keys itself.
   */
  readonly idempotency?: 'required' | 'optional' | 'own';
  /** Also admits the holder of a guest's X-Order-Token, which the handler checks. */
  readonly orderToken?: true;
  handle(request: Request<Parsed<P>, Parsed<Q>, Parsed<B>>): Promise<Reply>;
}

/** Keeps the types of the schemas in the handler; erased in lists of endpoints. */
export function endpoint<
  P extends z.ZodType | undefined = undefined,
  Q extends z.ZodType | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
>(definition: Endpoint<P, Q, B>): Endpoint {
  return definition;
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
