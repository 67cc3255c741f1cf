import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { PIECE_BYTES } from '../domain/catalogue/types.js';
import { DomainError } from '../domain/kernel/errors.js';
import { isGzip, unpackedSize } from '../domain/kernel/gzip.js';

export interface Received {
  /** SHA-256, hex. */
  readonly digest: string;
  /** Bytes unpacked; null where a gzip file is too short to tell. */
  readonly totalBytes: number | null;
}

/**
 * Hands a request's body on in pieces of `PIECE_BYTES`, one at a time: what is held in memory does not grow with the body.
 * @throws DomainError `payload_too_large` beyond `largest`, `bad_request` when the body is empty or does not arrive whole
 */
export async function receivePieces(
  request: IncomingMessage,
  largest: number,
  write: (number: number, bytes: Buffer) => Promise<unknown>,
): Promise<Received> {
  const hash = createHash('sha256');
  let [held, size, number] = [Buffer.alloc(0), 0, 0];
  let begin: Buffer = Buffer.alloc(0);
  let end: Buffer = Buffer.alloc(0);
  try {
    if (Number(request.headers['content-length'] ?? 0) > largest) throw tooLarge(largest);
    // the connection is needed for the answer, however this ends
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > largest) throw tooLarge(largest);
      hash.update(chunk);
      if (begin.length < 2) begin = Buffer.concat([begin, chunk]).subarray(0, 2);
      end = Buffer.concat([end, chunk.subarray(-4)]).subarray(-4);
      held = Buffer.concat([held, chunk]);
      for (; held.length >= PIECE_BYTES; number += 1) {
        await write(number, held.subarray(0, PIECE_BYTES));
        held = held.subarray(PIECE_BYTES);
      }
    }
  } catch (error) {
    // the rest is read and dropped, so that the client gets to see the answer
    request.resume();
    if (error instanceof DomainError || !request.destroyed) throw error;
    throw incomplete();
  }
  if (!request.complete) throw incomplete();
  if (size === 0) throw new DomainError('bad_request', 'the body is empty: send the file as it is');
  if (held.length > 0) await write(number, held);
  return { digest: hash.digest('hex'), totalBytes: isGzip(begin) ? unpackedSize(end) : size };
}

const incomplete = (): DomainError => new DomainError('bad_request', 'the body did not arrive whole');

const tooLarge = (largest: number): DomainError =>
  new DomainError('payload_too_large', `the body is larger than ${largest} bytes`);
