/** Every refusal a client may meet. Codes are public: renaming one is a breaking change. */
export const ERROR_CODES = [
  'bad_request',
  'validation_failed',
  'unauthenticated',
  'bad_credentials',
  'forbidden',
  'not_found',
  'method_not_allowed',
  'conflict',
  'email_taken',
  'username_taken',
  'out_of_stock',
  'in_stock',
  'price_changed',
  'checkout_in_progress',
  'cart_empty',
  'cart_problem',
  'invalid_transition',
  'hold_limit',
  'card_declined',
  'payment_failed',
  'not_refundable',
  'payment_unavailable',
  'shipping_unavailable',
  'token_invalid',
  'idempotency_mismatch',
  'idempotency_in_progress',
  'precondition_failed',
  'precondition_required',
  'payload_too_large',
  'unsupported_media_type',
  'rate_limited',
  'temporarily_unavailable',
  'request_timeout',
  'internal',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

export const isErrorCode = (code: unknown): code is ErrorCode => (ERROR_CODES as readonly unknown[]).includes(code);

export interface ErrorDetail {
  readonly field: string;
  readonly message: string;
}

/** A refusal by a business rule. `data` holds ids and numbers only, never personal data. */
export class DomainError extends Error {
  readonly code: ErrorCode;
  readonly data: Readonly<Record<string, unknown>>;
  readonly details: readonly ErrorDetail[];

  constructor(
    code: ErrorCode,
    message: string,
    data: Readonly<Record<string, unknown>> = {},
    details: readonly ErrorDetail[] = [],
  ) {
    super(message);
    this.name = 'DomainError';
    this.code = code;
    this.data = data;
    this.details = details;
  }
}

export function notFound(what: string): DomainError {
  return new DomainError('not_found', `${what} not found`);
}

/** `waitMs`: until it may be tried again. */
export function rateLimited(message: string, waitMs: number): DomainError {
  return new DomainError('rate_limited', message, { retryAfterS: Math.ceil(waitMs / 1_000) });
}

/** For the arm of a switch that the types rule out. */
export function unreachable(value: never): never {
  throw new Error(`unexpected value: ${JSON.stringify(value)}`);
}
