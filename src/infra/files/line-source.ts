import { createReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { LineSource, SourceLine, SourcePosition } from '../../domain/catalogue/ports.js';
import { DomainError, notFound } from '../../domain/kernel/errors.js';

const LONGEST_LINE = 1_048_576;
const NEWLINE = 0x0a;

/** Import files on this machine's disk. */
export function createLineSource(): LineSource {
  return {
    async open(path) {
      const { fingerprint, packed } = await inspect(path);
      return {
        fingerprint,
        lines: (from) => splitLines(read(path, packed, from.offset), from),
      };
    },
  };
}

async function inspect(path: string): Promise<{ fingerprint: string; packed: boolean }> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch {
    throw notFound('import file');
  }
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw notFound('import file');
    const { buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return { fingerprint: `${stat.size}-${Math.round(stat.mtimeMs)}`, packed: buffer.readUInt16BE(0) === 0x1f8b };
  } finally {
    await file.close();
  }
}

/** The unpacked bytes from `offset` on. */
async function* read(path: string, packed: boolean, offset: number): AsyncIterable<Buffer> {
  if (!packed) {
    yield* createReadStream(path, { start: offset }) as AsyncIterable<Buffer>;
    return;
  }
  const unpacked: Readable = pipeline(createReadStream(path), createGunzip(), () => undefined);
  let skip = offset;
  try {
    for await (const chunk of unpacked as AsyncIterable<Buffer>) {
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

async function* splitLines(chunks: AsyncIterable<Buffer>, from: SourcePosition): AsyncIterable<SourceLine> {
  let line = from.line;
  let end = from.offset;
  let held: Buffer[] = [];
  let length = 0;
  const take = (): SourceLine => {
    const taken = { line: (line += 1), end: (end += length), ...decode(held, length) };
    held = [];
    length = 0;
    return taken;
  };
  for await (const chunk of chunks) {
    let start = 0;
    while (start < chunk.length) {
      const at = chunk.indexOf(NEWLINE, start);
      const stop = at === -1 ? chunk.length : at + 1;
      length += stop - start;
      // past the limit only the length is kept
      if (length <= LONGEST_LINE) held.push(chunk.subarray(start, stop));
      else held = [];
      start = stop;
      if (at !== -1) yield take();
    }
  }
  if (length > 0) yield take();
}

function decode(parts: readonly Buffer[], length: number): Pick<SourceLine, 'text' | 'problem'> {
  if (length > LONGEST_LINE) return { text: null, problem: `is longer than ${LONGEST_LINE} bytes` };
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(parts));
    return { text: text.replace(/\r?\n$/, ''), problem: null };
  } catch {
    return { text: null, problem: 'is not UTF-8' };
  }
}

const isGzipError = (error: unknown): boolean => String((error as { code?: unknown } | null)?.code).startsWith('Z_');
