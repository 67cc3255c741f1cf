import type { SourceLine, SourcePosition } from '../../domain/catalogue/ports.js';
import type { ImportFormat } from '../../domain/catalogue/types.js';

const LONGEST_LINE = 1_048_576;
const NEWLINE = 0x0a;
const QUOTE = 0x22;
const COMMA = 0x2c;
const RETURN = 0x0d;

/** Where following the quotes has led: within a cell, at a place where a record may end, or to a quote that CSV has not. */
type Quoting = 'open' | 'closed' | 'broken';

/**
 * Cuts bytes into lines, and CSV into records: a line break within quotes does not end one. A line longer than a MiB is
 * passed over, so that memory is bounded whatever the file holds. A quote that no cell ends with, within a MiB or the
 * file, costs the line that opens it: the next line is read on its own.
 */
export async function* splitLines(
  chunks: AsyncIterable<Buffer>,
  from: SourcePosition,
  format: ImportFormat,
): AsyncIterable<SourceLine> {
  const quotes = format === 'csv' ? createQuotes() : null;
  let { line, offset: end } = from;
  let atLineStart = true;
  let first = 0;
  let firstLength = 0;
  let held: Buffer[] = [];
  let length = 0;
  let quoting: Quoting = 'closed';

  for await (const chunk of chunks) yield* cut([chunk]);
  while (length > 0)
    if (firstLength > 0 && quoting !== 'closed') {
      const rest = behindFirst();
      yield giveUp();
      yield* cut([rest]);
    } else yield take();

  /** Cuts pieces, the last one first; what is to be read again is put behind them. */
  function* cut(pieces: Buffer[]): Iterable<SourceLine> {
    for (let piece = pieces.pop(); piece !== undefined; piece = pieces.pop())
      for (let start = 0; start < piece.length;) {
        const at = piece.indexOf(NEWLINE, start);
        const stop = at === -1 ? piece.length : at + 1;
        add(piece.subarray(start, stop), at !== -1);
        start = stop;
        if (firstLength > 0 && (quoting === 'broken' || length > LONGEST_LINE)) {
          pieces.push(piece.subarray(stop), behindFirst());
          yield giveUp();
          break;
        }
        if (!atLineStart) continue;
        if (quoting !== 'open' || length > LONGEST_LINE) yield take();
        else if (firstLength === 0) firstLength = length;
      }
  }

  function add(part: Buffer, ends: boolean): void {
    if (atLineStart) line += 1;
    if (length === 0) first = line;
    atLineStart = ends;
    length += part.length;
    // of a line past the limit only the length is kept
    if (firstLength > 0 || length <= LONGEST_LINE) held.push(part);
    else held = [];
    quoting = quotes?.follow(part) ?? 'closed';
  }

  function behindFirst(): Buffer {
    return Buffer.concat(held).subarray(firstLength);
  }

  function giveUp(): SourceLine {
    const refused = { line: first, end: (end += firstLength), text: null, problem: UNCLOSED };
    line = first;
    atLineStart = true;
    reset();
    return refused;
  }

  function take(): SourceLine {
    const taken = { line, end: (end += length), ...decode(held, length) };
    reset();
    return taken;
  }

  function reset(): void {
    [held, length, firstLength, quoting] = [[], 0, 0, 'closed'];
    quotes?.reset();
  }
}

const UNCLOSED = 'opens a quote that no cell ends with';

/** Follows the quotes of CSV: one opens a cell that begins with it, two within a cell stand for one. */
function createQuotes(): { follow(bytes: Buffer): Quoting; reset(): void } {
  let at: 'cell start' | 'plain cell' | 'quoted cell' | 'quote in cell' | 'broken' = 'cell start';
  return {
    follow(bytes) {
      for (const byte of bytes) {
        if (at === 'broken') break;
        if (at === 'quoted cell') {
          if (byte === QUOTE) at = 'quote in cell';
        } else if (byte === QUOTE) {
          at = at === 'plain cell' ? 'broken' : 'quoted cell';
        } else if (byte === COMMA || byte === NEWLINE) {
          at = 'cell start';
        } else if (at === 'quote in cell') {
          if (byte !== RETURN) at = 'broken';
        } else {
          at = 'plain cell';
        }
      }
      return at === 'broken' ? 'broken' : at === 'quoted cell' ? 'open' : 'closed';
    },
    reset() {
      at = 'cell start';
    },
  };
}

function decode(parts: readonly Buffer[], length: number): Pick<SourceLine, 'text' | 'problem'> {
  if (length > LONGEST_LINE) return { text: null, problem: `is longer than ${LONGEST_LINE} bytes` };
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(parts));
    return { text: text.replace(/\r?\n$/, ''), problem: null };
  } catch {
    return { text: null, problem: 'is not UTF-8' };
  }
}
