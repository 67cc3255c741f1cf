import Stripe from 'stripe';

/** A fault that only an operator can mend, such as a revoked key. Carries Stripe's code, never its message. */
export class PaymentConfigurationError extends Error {
  readonly code: string;

  constructor(code: string) {
    super(`the payment provider refused the request: ${code}`);
    this.name = 'PaymentConfigurationError';
    this.code = code;
  }
}

/** What a failed call means, without anything personal that Stripe's error holds. */
export type Verdict =
  | { readonly kind: 'unknown'; readonly reason: string }
  | { readonly kind: 'declined'; readonly reason: string; readonly intentId: string | null }
  /** `replayed`: the answer is what it was when the key was first used, not of now. */
  | { readonly kind: 'unexpected_state'; readonly replayed: boolean }
  | { readonly kind: 'missing' };

/** Parameters that this adapter fills in by itself: a complaint about one of them is a bug or a setting. */
const OWN_PARAMETERS =
  /^(allowed_payment_method_types|amount_to_capture|cancellation_reason|capture_method|confirm|currency|expand|limit|created|metadata)/;
const OWN_CODES =
  /^(parameter_|parameters_exclusive|api_key_|platform_|secret_key_required|testmode_charges_only|tls_version_)/;

const { errors } = Stripe;

/** Throws PaymentConfigurationError for refused credentials and malformed requests, and what is not Stripe's as it is. */
export function judge(error: unknown): Verdict {
  if (!(error instanceof errors.StripeError)) throw error;
  if (error instanceof errors.StripeConnectionError)
    return { kind: 'unknown', reason: codeOf(error.detail) === 'ETIMEDOUT' ? 'timeout' : 'connection' };
  if (error instanceof errors.StripeRateLimitError) return { kind: 'unknown', reason: error.code ?? 'rate_limit' };
  if (error instanceof errors.StripeIdempotencyError)
    return { kind: 'unknown', reason: error.code ?? 'idempotency_mismatch' };
  if (error instanceof errors.StripeCardError)
    return {
      kind: 'declined',
      reason: error.decline_code ?? error.code ?? 'card_declined',
      intentId: error.payment_intent?.id ?? null,
    };
  if (error instanceof errors.StripeAuthenticationError || error instanceof errors.StripePermissionError)
    throw new PaymentConfigurationError(error.code ?? error.type);
  if (error instanceof errors.StripeInvalidRequestError) return judgeInvalid(error);
  return { kind: 'unknown', reason: outage(error) };
}

function judgeInvalid({ code, param, headers }: InstanceType<typeof errors.StripeInvalidRequestError>): Verdict {
  if (code === 'payment_intent_unexpected_state') return { kind: 'unexpected_state', replayed: isReplayed(headers) };
  if (code === 'resource_missing' && param !== 'payment_method') return { kind: 'missing' };
  if (
    code !== 'amount_too_small' &&
    code !== 'amount_too_large' &&
    (OWN_CODES.test(code ?? '') || OWN_PARAMETERS.test(param ?? ''))
  )
    throw new PaymentConfigurationError(code ?? `bad_${(param ?? 'request').replace(/\W.*/, '')}`);
  const reason = code === 'resource_missing' ? 'payment_method_missing' : (code ?? `invalid_${param ?? 'request'}`);
  return { kind: 'declined', reason, intentId: null };
}

const codeOf = (detail: unknown): unknown =>
  typeof detail === 'object' && detail !== null && 'code' in detail ? detail.code : undefined;

/** A stored 500 stays a 500 for its key: asking again under it is in vain. */
function outage(error: InstanceType<typeof errors.StripeError>): string {
  if (error.statusCode === 409) return error.code ?? 'conflict';
  if (error.statusCode === undefined) return 'invalid_answer';
  return error.statusCode >= 500 && isReplayed(error.headers) ? 'replayed_500' : 'provider_error';
}

export const isReplayed = (headers: Readonly<Record<string, unknown>> | undefined): boolean =>
  headers?.['idempotent-replayed'] === 'true';
