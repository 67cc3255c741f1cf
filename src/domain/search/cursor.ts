import { DomainError } from '../kernel/errors.js';
import { isId } from '../kernel/ids.js';
import { decodeCursor, encodeCursor } from '../kernel/page.js';
import type { Hit, SearchPosition } from './ports.js';
import type { Backend, SearchSort } from './types.js';

export interface SearchCursor {
  readonly sort: SearchSort;
  readonly backend: Backend;
  /** How many hits the pages so far had. */
  readonly seen: number;
  readonly last: Hit;
}

const MOST_SEEN = 1_000_000;

export const writeCursor = ({ sort, backend, seen, last }: SearchCursor): string =>
  encodeCursor([sort, backend, seen, last.value, last.id]);

/** @throws DomainError `validation_failed` when it is not ours, or from another order */
export function readCursor(cursor: string, sort: SearchSort): SearchCursor {
  const [sortedBy, backend, seen, value, id] = decodeCursor(cursor, 5);
  if (
    sortedBy !== sort ||
    !isBackend(backend) ||
    !isSeen(seen) ||
    !isValue(value, sort) ||
    typeof id !== 'string' ||
    !isId(id)
  )
    throw new DomainError('validation_failed', 'the cursor is not one of ours', {}, [
      { field: 'cursor', message: 'not a cursor that this search returned in this order' },
    ]);
  return { sort, backend, seen, last: { value, id } };
}

/** Scores and orders of text differ by backend, so a cursor of the other one can only be counted. */
export function positionFor(cursor: SearchCursor | null, backend: Backend): SearchPosition {
  if (cursor === null) return { skip: 0 };
  return cursor.backend === backend ? { after: cursor.last } : { skip: cursor.seen };
}

const isBackend = (value: unknown): value is Backend => value === 'elasticsearch' || value === 'postgresql';
const isSeen = (value: unknown): value is number =>
  Number.isInteger(value) && Number(value) >= 0 && Number(value) <= MOST_SEEN;

function isValue(value: unknown, sort: SearchSort): value is number | string {
  if (sort === 'title' || sort === '-title') return typeof value === 'string' && !/[\0\p{Cs}]/u.test(value);
  return sort === 'relevance' ? typeof value === 'number' : Number.isSafeInteger(value);
}
