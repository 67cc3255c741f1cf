import { parseCsvLine, readHeader } from './csv-line.js';
import type { BatchEntry } from './import-batch.js';
import { parseLine, refused, type ParsedLine } from './import-line.js';
import type { Source, SourceLine, SourcePosition } from './ports.js';

type ParseText = (text: string) => ParsedLine;

/**
 * The lines of a file behind `from`, each parsed. Blank ones are skipped.
 * @throws DomainError `bad_request` when the file is damaged, or no header stands where there must be one
 */
export async function* readEntries(file: Source, from: SourcePosition, currency: string): AsyncIterable<BatchEntry> {
  const { parse, start } =
    file.format === 'csv'
      ? await openCsv(file, from, currency)
      : { parse: (text: string) => parseLine(text, currency), start: from };
  for await (const { line, end, text, problem } of file.lines(start)) {
    if (text?.trim() === '') continue;
    const parsed =
      text === null
        ? refused('(line)', problem ?? 'cannot be read')
        : parse(line === 1 ? text.replace(BYTE_ORDER_MARK, '') : text);
    yield { line, end, parsed };
  }
}

const BYTE_ORDER_MARK = /^\uFEFF/;

/** The header is read again by each attempt, as it says what all other lines mean. */
async function openCsv(
  file: Source,
  from: SourcePosition,
  currency: string,
): Promise<{ parse: ParseText; start: SourcePosition }> {
  const header = await firstLine(file);
  const columns = readHeader(header?.text?.replace(BYTE_ORDER_MARK, '') ?? '');
  const start = from.line === 0 && header !== null ? { line: header.line, offset: header.end } : from;
  return { parse: (text) => parseCsvLine(columns, text, currency), start };
}

async function firstLine(file: Source): Promise<SourceLine | null> {
  for await (const line of file.lines({ line: 0, offset: 0 })) return line;
  return null;
}
