import pg from 'pg';
import { joinBegin } from '../../../src/infra/db/join-begin.js';
import { freshDatabase } from '../../support/database.js';
import { openStore, type TestStore } from '../../support/store.js';

let store: TestStore;
beforeAll(async () => {
  store = await openStore();
  await store.query((em) => em.execute('create table slips (id integer primary key)'));
});
afterAll(() => store.close());
beforeEach(() => store.query((em) => em.execute('delete from slips')));

const slips = async (): Promise<number[]> =>
  (await store.query((em) => em.execute<{ id: number }[]>('select id from slips order by id'))).map(({ id }) => id);

test('a transaction, when its work is done, is committed whole', async () => {
  await store.transact(async (em) => {
    await em.execute('insert into slips values (1)');
    await em.execute('insert into slips values (2)');
  });
  expect(await slips()).toEqual([1, 2]);
});

test('a transaction, when its work throws, leaves nothing of any of its statements', async () => {
  const work = store.transact(async (em) => {
    await em.execute('insert into slips values (1)');
    await em.execute('insert into slips values (2)');
    throw new Error('stop');
  });
  await expect(work).rejects.toThrow('stop');
  expect(await slips()).toEqual([]);
});

test('the first statement of a transaction answers its own rows', async () => {
  const rows = await store.transact((em) => em.execute('insert into slips values (7), (8) returning id'));
  expect(rows).toEqual([{ id: 7 }, { id: 8 }]);
});

test('a transaction whose first statement fails is rolled back with its code, and its connection serves the next', async () => {
  await store.query((em) => em.execute('insert into slips values (1)'));
  const again = (id: number) => store.transact((em) => em.execute('insert into slips values (?)', [id]));
  for (let time = 0; time < 10; time += 1) await expect(again(1)).rejects.toMatchObject({ code: '23505' });
  await again(2);
  expect(await slips()).toEqual([1, 2]);
});

test('a transaction without a statement, committed or rolled back, leaves its connection without one', async () => {
  await store.transact(async () => {});
  await expect(store.transact(() => Promise.reject(new Error('stop')))).rejects.toThrow('stop');
  const rows = await store.query((em) =>
    em.execute(
      "select count(*) as open from pg_stat_activity where datname = current_database() and state like 'idle in%'",
    ),
  );
  expect(rows).toEqual([{ open: 0 }]);
});

test('a client, between begin and commit, is in a transaction from its first statement on, with values or without', async () => {
  const database = await freshDatabase();
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  joinBegin(client);
  const inTransaction = async (values?: unknown[]): Promise<boolean> => {
    await client.query('begin');
    const { rows } = await client.query<{ now: Date }>('select now() as now', values);
    const { rows: later } = await client.query<{ now: Date }>('select now() as now, pg_sleep(0.002)');
    await client.query('commit');
    return rows[0]?.now.getTime() === later[0]?.now.getTime();
  };
  expect([await inTransaction(), await inTransaction([])]).toEqual([true, true]);
  await client.query('begin');
  expect((await client.query<{ n: number }>('select $1::integer as n', [3])).rows).toEqual([{ n: 3 }]);
  await client.query('commit');
  await client.end();
  await database.drop();
});
