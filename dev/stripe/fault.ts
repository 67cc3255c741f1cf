export interface FaultBody {
  type: 'api_error' | 'card_error' | 'idempotency_error' | 'invalid_request_error';
  code?: string;
  decline_code?: string;
  message: string;
  param?: string;
  [extra: string]: unknown;
}

/** An error as Stripe answers it. Whatever was written before it was thrown stays written. */
export class StripeFault extends Error {
  readonly status: number;
  readonly body: FaultBody;
  /** Whether the idempotency layer keeps it: not where the parameters never reached the endpoint. */
  readonly saved: boolean;

  constructor(status: number, body: FaultBody, saved: boolean) {
    super(body.message);
    this.status = status;
    this.body = body;
    this.saved = saved;
  }
}

export const invalid = (message: string, param?: string, code?: string): StripeFault =>
  new StripeFault(
    400,
    { type: 'invalid_request_error', message, ...(param ? { param } : {}), ...(code ? { code } : {}) },
    false,
  );

export const missing = (param: string): StripeFault =>
  invalid(`Missing required param: ${param}.`, param, 'parameter_missing');

/** `status` is 404 where the id is in the path, 400 where it is a parameter. */
export const noSuch = (what: string, id: string, param = 'id', status = 404): StripeFault =>
  new StripeFault(
    status,
    { type: 'invalid_request_error', code: 'resource_missing', message: `No such ${what}: '${id}'`, param },
    false,
  );

/** A request that the object's state forbids; kept for replay, as it got as far as the endpoint. */
export const unexpectedState = (message: string, extras: Readonly<Record<string, unknown>>): StripeFault =>
  new StripeFault(
    400,
    { type: 'invalid_request_error', code: 'payment_intent_unexpected_state', message, ...extras },
    true,
  );

export const refused = (message: string, code?: string, param?: string): StripeFault =>
  new StripeFault(
    400,
    { type: 'invalid_request_error', message, ...(code ? { code } : {}), ...(param ? { param } : {}) },
    true,
  );

export const unauthorised = (message: string): StripeFault =>
  new StripeFault(401, { type: 'invalid_request_error', message }, false);

export const internalError = (): StripeFault =>
  new StripeFault(500, { type: 'api_error', message: 'An unknown error occurred. (simulated)' }, true);
