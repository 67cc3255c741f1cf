import { openStore, type TestStore } from '../../support/store.js';

let store: TestStore;
beforeAll(async () => {
  store = await openStore();
});
afterAll(() => store.close());

test.each([
  ['2026-03-01 10:20:30+00', '2026-03-01T10:20:30.000Z'],
  ['2026-03-01 10:20:30.1+00', '2026-03-01T10:20:30.100Z'],
  ['2026-03-01 10:20:30.120+00', '2026-03-01T10:20:30.120Z'],
  ['2026-03-01 10:20:30.123456+00', '2026-03-01T10:20:30.123Z'],
  ['2026-03-01 10:20:30.005+02', '2026-03-01T08:20:30.005Z'],
])('a raw row has timestamptz %s as ISO 8601 with three digits of milliseconds', async (written, read) => {
  const [row] = await store.shop.rows<{ at: string }>('select ?::timestamptz as at', [written]);
  expect(row).toEqual({ at: read });
});
