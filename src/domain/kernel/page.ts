import { DomainError } from './errors.js';
import { isId } from './ids.js';

export const PAGE_LIMIT_DEFAULT = 20;
export const PAGE_LIMIT_MAX = 100;

export interface Page<T> {
  readonly data: readonly T[];
  /** Opaque; null on the last page. */
  readonly nextCursor: string | null;
}

type CursorPart = string | number | null;

/** Sort values and id of the last row of a page, as an opaque URL-safe string. */
export const encodeCursor = (parts: readonly CursorPart[]): string =>
  Buffer.from(JSON.stringify(parts)).toString('base64url');

/** @throws DomainError `validation_failed` when it is no cursor of `length` parts */
export function decodeCursor(cursor: string, length: number): CursorPart[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(parts) && parts.length === length && parts.every(isPart)) return parts;
  } catch {
    // falls through to the refusal
  }
  throw notOurs();
}

/** Of a list that is sorted by id alone. @throws DomainError `validation_failed` */
export function decodeIdCursor(cursor: string): string {
  const [id] = decodeCursor(cursor, 1);
  if (typeof id !== 'string' || !isId(id)) throw notOurs();
  return id;
}

const notOurs = (): DomainError =>
  new DomainError('validation_failed', 'the cursor is not one of ours', {}, [
    { field: 'cursor', message: 'not a cursor that this list returned' },
  ]);

/** Cuts `limit + 1` fetched rows into a page. */
export function page<Row, T>(
  rows: readonly Row[],
  limit: number,
  present: (row: Row) => T,
  cursorOf: (row: Row) => readonly CursorPart[],
): Page<T> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    data: shown.map(present),
    nextCursor: rows.length > limit && last !== undefined ? encodeCursor(cursorOf(last)) : null,
  };
}

const isPart = (part: unknown): part is CursorPart =>
  part === null ||
  // PostgreSQL's text has no NUL
  (typeof part === 'string' && !part.includes('\0')) ||
  (typeof part === 'number' && Number.isFinite(part));
