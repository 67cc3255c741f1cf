import type { Context, Middleware } from 'koa';
import { DomainError, type ErrorCode } from '../../domain/kernel/errors.js';
import type { Log } from '../../domain/kernel/log.js';
import { isOutage } from '../outage.js';

export const STATUS: Record<ErrorCode, number> = {
  bad_request: 400,
  validation_failed: 400,
  unauthenticated: 401,
  bad_credentials: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  email_taken: 409,
  username_taken: 409,
  out_of_stock: 409,
  in_stock: 409,
  price_changed: 409,
  checkout_in_progress: 409,
  cart_empty: 409,
  cart_problem: 409,
  invalid_transition: 409,
  hold_limit: 429,
  card_declined: 402,
  payment_failed: 402,
  not_refundable: 409,
  payment_unavailable: 422,
  shipping_unavailable: 422,
  token_invalid: 400,
  idempotency_mismatch: 422,
  idempotency_in_progress: 409,
  precondition_failed: 412,
  precondition_required: 428,
  payload_too_large: 413,
  unsupported_media_type: 415,
  rate_limited: 429,
  temporarily_unavailable: 503,
  request_timeout: 503,
  internal: 500,
};

/** How long to wait where nobody knows better. Seconds. */
export const RETRY_AFTER_S = '2';

/** Answers every refusal and failure in one envelope; of a failure nothing but its request id gets out. */
export const errors =
  ({ log, now }: { readonly log: Log; readonly now: () => Date }): Middleware =>
  async (ctx, next) => {
    try {
      await next();
      if (hasNoAnswer(ctx)) send(ctx, unanswered(ctx), now);
    } catch (error) {
      const refusal = toRefusal(error);
      if (refusal.code === 'internal' || (refusal.code === 'temporarily_unavailable' && refusal !== error))
        log.error({ request_id: ctx.state['requestId'], user_id: ctx.state['userId'], error }, 'request failed');
      send(ctx, refusal, now);
    }
  };

function send(ctx: Context, { code, message, details, data }: DomainError, now: () => Date): void {
  ctx.state['errorCode'] = code;
  const status = STATUS[code];
  if (status === 429 || status === 503)
    ctx.set('Retry-After', typeof data['retryAfterS'] === 'number' ? String(data['retryAfterS']) : RETRY_AFTER_S);
  ctx.status = status;
  const { retryAfterS: _, ...shown } = data;
  ctx.body = {
    error: {
      code,
      message,
      details,
      ...(Object.keys(shown).length === 0 ? {} : { data: toSnakeCase(shown) }),
      request_id: ctx.state['requestId'] as string,
      timestamp: now().toISOString(),
    },
  };
}

function toRefusal(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  if (isOutage(error))
    return new DomainError('temporarily_unavailable', 'a service we depend on does not answer; please try again');
  // Koa's and the router's own refusals, such as a path that is not valid percent-encoding.
  if (statusOf(error) === 400) return new DomainError('bad_request', 'the request is malformed');
  return new DomainError('internal', 'something went wrong on our side');
}

function statusOf(error: unknown): number | null {
  const { status, expose } = error instanceof Error ? (error as { status?: unknown; expose?: unknown }) : {};
  return typeof status === 'number' && expose !== false ? status : null;
}

const hasNoAnswer = (ctx: Context): boolean =>
  ctx.body === undefined && ctx.respond !== false && [404, 405, 501].includes(ctx.status);

const unanswered = (ctx: Context): DomainError =>
  ctx.status === 404
    ? new DomainError('not_found', 'there is nothing at this address')
    : new DomainError('method_not_allowed', `this address does not answer to ${ctx.method}`);

function toSnakeCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toSnakeCase);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      toSnakeCase(member),
    ]),
  );
}
