import { isId, newId } from '../../../src/domain/kernel/ids.js';

test('newId is never the same twice, and sorts by time', () => {
  const ids = Array.from({ length: 5_000 }, newId);
  expect(new Set(ids).size).toBe(ids.length);
  expect([...ids].sort()).toEqual(ids);
  expect(ids.every((id) => /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id))).toBe(
    true,
  );
});

test.each(['', 'order 66', '5', `${newId()}x`, ` ${newId()}`, "' or true --"])('isId, of %j, is false', (text) => {
  expect(isId(text)).toBe(false);
});
