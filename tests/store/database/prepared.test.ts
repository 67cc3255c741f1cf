import { prepared } from '../../../src/domain/kernel/prepared.js';
import { openStore, type TestStore } from '../../support/store.js';

let store: TestStore;
beforeAll(async () => {
  store = await openStore();
});
afterAll(() => store.close());

const KEPT = `select name, statement from pg_prepared_statements where statement like '%slips%' order by name`;
const FIND = prepared('select * from slips where id = ? and (?::text is null or note = ?)');

beforeEach(() =>
  store.query(async (em) => {
    await em.execute('drop table if exists slips');
    await em.execute(
      `create table slips (id integer primary key, note text, at timestamptz default '2026-01-02T03:04:05Z')`,
    );
    await em.execute(`insert into slips values (1, 'it''s ?'), (2, null)`);
  }),
);

const kept = (em: { execute: (sql: string) => Promise<unknown> }): Promise<unknown> => em.execute(KEPT);

test('a prepared statement, asked twice of a connection, is kept by it once, without a value', async () => {
  const seen = await store.transact(async (em) => {
    await em.execute('select 1');
    expect(await em.execute(FIND, [1, "it's ?", "it's ?"])).toEqual([
      { id: 1, note: "it's ?", at: '2026-01-02T03:04:05.000Z' },
    ]);
    expect(await em.execute(FIND, [2, null, null])).toMatchObject([{ id: 2, note: null }]);
    return kept(em);
  });
  expect(seen).toEqual([
    {
      name: expect.stringMatching(/^p\d+\.\d+$/),
      statement: 'select * from slips where id = $1 and ($2::text is null or note = $3)',
    },
  ]);
});

test('a prepared statement, first of its transaction, is inside it', async () => {
  const add = prepared('insert into slips (id, note) values (?, ?) returning id');
  const work = store.transact(async (em) => {
    expect(await em.execute(add, [3, 'new'])).toEqual([{ id: 3 }]);
    throw new Error('stop');
  });
  await expect(work).rejects.toThrow('stop');
  expect(await store.query((em) => em.execute(FIND, [3, null, null]))).toEqual([]);
});

test('another statement is not kept', async () => {
  const seen = await store.transact(async (em) => {
    await em.execute('select id from slips where id = ?', [1]);
    return em.execute(`select name from pg_prepared_statements where statement like 'select id from slips%'`);
  });
  expect(seen).toEqual([]);
});

test('a prepared statement, when a migration changed what it answers, answers anew, in a transaction and without', async () => {
  const ask = () => store.query((em) => em.execute<{ note: string }[]>(FIND, [2, null, null]));
  const inTransaction = () =>
    store.transact(async (em) => {
      await em.execute(`update slips set note = coalesce(note, '') || '+' where id = 2`);
      return em.execute<{ note: string }[]>(FIND, [2, null, null]);
    });
  await ask();
  await store.query((em) => em.execute('alter table slips add column colour text default $$red$$'));
  expect(await ask()).toMatchObject([{ id: 2, colour: 'red' }]);
  await inTransaction();
  await store.query((em) => em.execute('alter table slips add column size integer default 7'));
  expect(await inTransaction()).toMatchObject([{ id: 2, size: 7, note: '++' }]);
});
