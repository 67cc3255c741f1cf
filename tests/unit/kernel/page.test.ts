import fc from 'fast-check';
import { newId } from '../../../src/domain/kernel/ids.js';
import { decodeCursor, decodeIdCursor, encodeCursor, page } from '../../../src/domain/kernel/page.js';

const refused = expect.objectContaining({ code: 'validation_failed' });
const part = fc.oneof(
  fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0')),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
  fc.constant(null),
);

test('a cursor, decoded, is what was encoded, and fits into a URL', () => {
  fc.assert(
    fc.property(fc.array(part, { maxLength: 4 }), (parts) => {
      const cursor = encodeCursor(parts);
      expect(cursor).toMatch(/^[\w-]*$/);
      expect(decodeCursor(cursor, parts.length)).toEqual(parts.map((each) => (Object.is(each, -0) ? 0 : each)));
    }),
  );
});

test('decodeCursor, of any text that is no cursor of that length, is refused', () => {
  fc.assert(fc.property(fc.string(), (text) => expect(() => decodeCursor(text, 7)).toThrow(refused)));
  expect(() => decodeCursor(encodeCursor(['a']), 2)).toThrow(refused);
});

test.each([['[{}]'], ['[[1]]'], ['[true]'], ['{"length":1}'], ['"a"'], ['[1e999]'], ['["a\\u0000b"]'], ['null'], ['']])(
  'decodeCursor, of a forged %s, is refused',
  (json) => {
    expect(() => decodeCursor(Buffer.from(json).toString('base64url'), 1)).toThrow(refused);
  },
);

test('decodeIdCursor takes ids alone', () => {
  const id = newId();
  expect(decodeIdCursor(encodeCursor([id]))).toBe(id);
  for (const forged of [[5], [null], ['5'], [`${id} or true`], [id, id]])
    expect(() => decodeIdCursor(encodeCursor(forged))).toThrow(refused);
});

test('page, walked from cursor to cursor, shows every row once', () => {
  fc.assert(
    fc.property(fc.nat(60), fc.integer({ min: 1, max: 20 }), (count, limit) => {
      const rows = Array.from({ length: count }, (_, index) => index);
      const seen: number[] = [];
      let after = -1;
      for (let pages = 0; pages <= count; pages += 1) {
        const fetched = rows.filter((row) => row > after).slice(0, limit + 1);
        const { data, nextCursor } = page(
          fetched,
          limit,
          (row) => row,
          (row) => [row],
        );
        seen.push(...data);
        if (nextCursor === null) break;
        after = decodeCursor(nextCursor, 1)[0] as number;
      }
      expect(seen).toEqual(rows);
    }),
  );
});
