import { isDeepStrictEqual } from 'node:util';
import type { Endpoint, Reply } from '../endpoint.js';

/** @throws Error when a reply has a status, a field or a value that the endpoint's schemas do not have */
export function assertDocumented({ operationId, responses }: Endpoint, reply: Reply): void {
  const schema = responses[reply.status];
  if (schema === undefined) throw new Error(`${operationId} answered ${reply.status}, which is not documented`);
  // A stream, or the bytes of a file: what is sent cannot be compared.
  if (typeof reply.body === 'object' && reply.body !== null && ('pipe' in reply.body || Buffer.isBuffer(reply.body)))
    return;
  const sent: unknown = reply.body === undefined ? undefined : JSON.parse(JSON.stringify(reply.body));
  if (schema === null) {
    if (sent !== undefined) throw new Error(`${operationId} answered a body, where none is documented`);
    return;
  }
  const parsed = schema.safeParse(sent);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new Error(`${operationId} answered what its schema refuses: ${problems.join('; ')}`);
  }
  if (!isDeepStrictEqual(parsed.data, sent)) throw new Error(`${operationId} answered fields that are not documented`);
}
