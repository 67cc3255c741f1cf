import type { IncomingMessage } from 'node:http';
import type { Context } from 'koa';
import { DomainError } from '../../domain/kernel/errors.js';

const LARGEST_BYTES = 1_048_576;
const DEEPEST = 32;
const JSON_TYPE = /^application\/json(?:\s*;\s*charset\s*=\s*"?utf-8"?)?\s*$/i;

/** @throws DomainError `payload_too_large` beyond 1 MiB, `bad_request` when the client stopped halfway */
export function readBody(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const incomplete = (): void => reject(new DomainError('bad_request', 'the body did not arrive whole'));
    if (request.destroyed) incomplete();
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= LARGEST_BYTES) chunks.push(chunk);
      // The rest is read and dropped, so that the client gets to see the answer.
      else reject(new DomainError('payload_too_large', 'the body is larger than 1 MiB'));
    });
    request.once('end', () => resolve(Buffer.concat(chunks)));
    request.once('close', incomplete);
    request.once('error', incomplete);
  });
}

/**
 * A body that is not there is an empty object, so that its missing fields are named.
 * @throws DomainError `unsupported_media_type`, `bad_request`
 */
export function parseJson(ctx: Context, body: Buffer): unknown {
  if (body.length === 0) return {};
  if (!JSON_TYPE.test(ctx.get('Content-Type')) || !/^(identity)?$/i.test(ctx.get('Content-Encoding')))
    throw new DomainError('unsupported_media_type', 'send the body as application/json in UTF-8, not compressed');
  const value = decode(body);
  assertTame(value, 1);
  return value;
}

function decode(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw new DomainError('bad_request', 'the body is not valid JSON in UTF-8');
  }
}

/** Text that PostgreSQL cannot store, keys that change prototypes and nesting that exhausts the stack. */
function assertTame(value: unknown, depth: number): void {
  if (typeof value === 'string') return assertStorable(value);
  if (typeof value !== 'object' || value === null) return;
  if (depth > DEEPEST) throw new DomainError('bad_request', `the body is nested deeper than ${DEEPEST} levels`);
  for (const [key, member] of Object.entries(value)) {
    assertStorable(key);
    if (key === '__proto__') throw new DomainError('bad_request', 'the body has a key that is not allowed');
    assertTame(member, depth + 1);
  }
}

function assertStorable(text: string): void {
  if (text.includes('\0') || !text.isWellFormed())
    throw new DomainError('bad_request', 'the body holds a null character or half a surrogate pair');
}
