import type { ErrorCode } from '../domain/kernel/errors.js';
import type { Endpoint } from './endpoint.js';

/** What any request may be answered with. */
const ANYWHERE: readonly ErrorCode[] = ['bad_request', 'temporarily_unavailable', 'request_timeout', 'internal'];

/** The codes that an endpoint may refuse with: those that follow from its definition, and those that it names itself. */
export function refusalsOf(endpoint: Endpoint): ErrorCode[] {
  const { access, params, query, body, rawBody, streamedBody, idempotency, rateLimit, refuses = [] } = endpoint;
  return [
    ...new Set<ErrorCode>([
      ...ANYWHERE,
      ...when(params ?? query ?? body, 'validation_failed'),
      ...when(params, 'not_found'),
      ...when(access !== 'open', 'unauthenticated'),
      ...when(typeof access === 'object', 'forbidden'),
      ...when(body ?? rawBody ?? streamedBody, 'payload_too_large'),
      ...when(body ?? streamedBody, 'unsupported_media_type'),
      ...when(idempotency, 'idempotency_mismatch', 'idempotency_in_progress'),
      ...when(rateLimit !== 'none', 'rate_limited'),
      ...refuses,
    ]),
  ];
}

const when = (condition: unknown, ...codes: readonly ErrorCode[]): readonly ErrorCode[] =>
  condition === undefined || condition === false ? [] : codes;

/** @throws Error when an endpoint that names its refusals refused with another one */
export function assertRefusalDocumented(endpoint: Endpoint, code: ErrorCode): void {
  if (endpoint.refuses !== undefined && !refusalsOf(endpoint).includes(code))
    throw new Error(`${endpoint.operationId} refused with ${code}, which is not among its documented refusals`);
}
