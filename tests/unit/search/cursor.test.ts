import { encodeCursor } from '../../../src/domain/kernel/page.js';
import { positionFor, readCursor, writeCursor, type SearchCursor } from '../../../src/domain/search/cursor.js';

const id = '01890000-0000-7000-8000-000000000000';
const cursor: SearchCursor = { sort: 'relevance', backend: 'elasticsearch', seen: 20, last: { value: 1.25, id } };

test('cursor, when read in its order, is what was written', () => {
  expect(readCursor(writeCursor(cursor), 'relevance')).toEqual(cursor);
});

test('positionFor, when the same backend answers, goes on behind the last hit', () => {
  expect(positionFor(cursor, 'elasticsearch')).toEqual({ after: { value: 1.25, id } });
});

test('positionFor, when the other backend answers, skips what was seen', () => {
  expect(positionFor(cursor, 'postgresql')).toEqual({ skip: 20 });
});

test.each<[string, readonly (string | number | null)[], 'relevance' | 'price' | 'title']>([
  ['another order', ['price', 'postgresql', 1, 5, id], 'relevance'],
  ['another backend', ['price', 'solr', 1, 5, id], 'price'],
  ['a negative count', ['price', 'postgresql', -1, 5, id], 'price'],
  ['a price that is no integer', ['price', 'postgresql', 1, 5.5, id], 'price'],
  ['a price that is text', ['price', 'postgresql', 1, '5; drop table', id], 'price'],
  ['a title that is a number', ['title', 'postgresql', 1, 5, id], 'title'],
  ['a title that cannot be stored', ['title', 'postgresql', 1, 'a\0', id], 'title'],
  ['no id', ['relevance', 'postgresql', 1, 0.5, 'x'], 'relevance'],
])('readCursor, with %s, refuses it', (_, parts, sort) => {
  expect(() => readCursor(encodeCursor(parts), sort)).toThrow(expect.objectContaining({ code: 'validation_failed' }));
});
