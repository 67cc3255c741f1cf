import { createReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { ImportFile, LineSource, ReadPiece } from '../../domain/catalogue/ports.js';
import { PIECE_BYTES } from '../../domain/catalogue/types.js';
import { DomainError, notFound } from '../../domain/kernel/errors.js';
import { isGzip, unpackedSize } from '../../domain/kernel/gzip.js';
import { splitLines } from './split-lines.js';

/** More than this unpacks only what means no good. */
const MOST_UNPACKED = 4 * 1_073_741_824;

/** The bytes of a file as they are stored. */
interface Bytes {
  readonly fingerprint: string;
  readonly length: number | null;
  readonly begin: Buffer;
  /** The last four, where `length` is known. */
  readonly end: Buffer;
  from(offset: number): Readable;
}

/** Import files on this machine's disk, and those that the API received. */
export function createLineSource(readPiece: ReadPiece = async () => null): LineSource {
  return {
    async open(file) {
      const bytes = 'path' in file ? await openPath(file.path) : await openUpload(file, readPiece);
      const packed = isGzip(bytes.begin);
      return {
        format: file.format,
        fingerprint: bytes.fingerprint,
        size: packed ? unpackedSize(bytes.end) : bytes.length,
        lines: (from) => splitLines(packed ? unpack(bytes, from.offset) : bytes.from(from.offset), from, file.format),
      };
    },
  };
}

async function openPath(path: string): Promise<Bytes> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch {
    throw notFound('import file');
  }
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw notFound('import file');
    const read = async (position: number, length: number): Promise<Buffer> =>
      (await file.read(Buffer.alloc(length), 0, length, Math.max(position, 0))).buffer;
    return {
      fingerprint: `${stat.size}-${Math.round(stat.mtimeMs)}`,
      length: stat.size,
      begin: await read(0, 2),
      end: await read(stat.size - 4, 4),
      from: (start) => createReadStream(path, { start }),
    };
  } finally {
    await file.close();
  }
}

async function openUpload(
  { uploadId, fingerprint }: Extract<ImportFile, { uploadId: string }>,
  readPiece: ReadPiece,
): Promise<Bytes> {
  const first = await readPiece(uploadId, 0);
  if (first === null) throw notFound('import file');
  async function* pieces(offset: number): AsyncIterable<Buffer> {
    let skip = offset % PIECE_BYTES;
    for (let number = Math.floor(offset / PIECE_BYTES); ; number += 1) {
      const piece = await readPiece(uploadId, number);
      if (piece === null) return;
      yield piece.subarray(skip);
      skip = 0;
    }
  }
  return {
    fingerprint,
    length: null,
    begin: first,
    end: Buffer.alloc(0),
    from: (offset) => Readable.from(pieces(offset)),
  };
}

/** The unpacked bytes from `offset` on. */
async function* unpack(bytes: Bytes, offset: number): AsyncIterable<Buffer> {
  const unpacked: Readable = pipeline(bytes.from(0), createGunzip(), () => undefined);
  let skip = offset;
  let read = 0;
  try {
    for await (const chunk of unpacked as AsyncIterable<Buffer>) {
      read += chunk.length;
      if (read > MOST_UNPACKED) throw new DomainError('bad_request', 'the import file unpacks to more than 4 GiB');
      if (skip >= chunk.length) skip -= chunk.length;
      else {
        yield skip === 0 ? chunk : chunk.subarray(skip);
        skip = 0;
      }
    }
  } catch (error) {
    if (!isGzipError(error)) throw error;
    throw new DomainError('bad_request', 'the import file is damaged or ends too early');
  }
}

const isGzipError = (error: unknown): boolean => String((error as { code?: unknown } | null)?.code).startsWith('Z_');
