import { parse } from 'csv-parse/sync';
import { DomainError } from '../kernel/errors.js';
import { checkLine, isStorable, readJson, refused, UNSTORABLE, type ParsedLine } from './import-line.js';

const REQUIRED = ['sku', 'title', 'category', 'price_cents', 'currency'];
const COPIED = new Set(['sku', 'mpn', 'title', 'brand', 'description', 'currency', 'released_at', 'image_url']);
const NUMBERS = new Set(['price_cents', 'stock']);
const ATTRIBUTE = 'attribute:';
const OPTION = 'option:';

/**
 * The columns that a CSV file's first record names.
 * @throws DomainError `bad_request` when one that every product needs is missing, or one comes twice
 */
export function readHeader(text: string): readonly string[] {
  const names = cells(text)?.map((name) => (/^(attribute|option):/.test(name) ? name : name.toLowerCase()));
  if (names === undefined) throw new DomainError('bad_request', 'the header is not CSV');
  const missing = REQUIRED.filter((name) => !names.includes(name));
  if (missing.length > 0) throw new DomainError('bad_request', `the header lacks ${missing.join(', ')}`);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new DomainError('bad_request', `the header names ${twice} twice`);
  return names;
}

/** Reads one record. An empty cell is an absent field; columns that are not known are ignored. */
export function parseCsvLine(columns: readonly string[], text: string, currency: string): ParsedLine {
  const values = cells(text);
  if (values === undefined) return refused('(line)', 'is not CSV: quotes must enclose a cell and be doubled in it');
  if (values.length !== columns.length)
    return refused('(line)', `has ${values.length} cells where the header has ${columns.length}`);
  if (!isStorable(text)) return refused('(line)', UNSTORABLE);
  const line: Record<string, unknown> = {};
  const attributes: [string, string | number | boolean][] = [];
  const options: unknown[] = [];
  for (const [index, column] of columns.entries()) {
    const cell = (values[index] ?? '').trim();
    if (cell === '') continue;
    if (COPIED.has(column)) line[column] = cell;
    else if (NUMBERS.has(column)) line[column] = typed(cell);
    else if (column === 'category') line[column] = parts(cell, '>');
    else if (column === 'ean') line[column] = parts(cell, '|');
    else if (column.startsWith(ATTRIBUTE)) attributes.push([column.slice(ATTRIBUTE.length).trim(), typed(cell)]);
    else if (column.startsWith(OPTION)) options.push({ name: column.slice(OPTION.length), values: choices(cell) });
    else if (column === 'variants') {
      const read = readJson(cell);
      if (read.problem !== null) return refused('variants', read.problem);
      line[column] = read.value;
    }
  }
  return checkLine(
    { ...line, attributes: Object.fromEntries(attributes), ...(options.length === 0 ? {} : { options }) },
    currency,
  );
}

function cells(text: string): string[] | undefined {
  try {
    return parse(text)[0];
  } catch {
    return undefined;
  }
}

const parts = (cell: string, separator: string): string[] => cell.split(separator).map((part) => part.trim());

/** `S|M=200`: a value may say what it adds to the price. */
const choices = (cell: string): unknown[] =>
  parts(cell, '|').map((choice) => {
    const [, value, adjustment] = /^(.*?)\s*=\s*([+-]?\d{1,12})$/.exec(choice) ?? [];
    return value === undefined ? { value: choice } : { value, price_adjustment_cents: Number(adjustment) };
  });

/** Truth values, and numbers that are written as we would write them: `012` is a text. */
function typed(cell: string): string | number | boolean {
  if (cell === 'true' || cell === 'false') return cell === 'true';
  const number = Number(cell);
  return String(number) === cell && Number.isFinite(number) ? number : cell;
}
