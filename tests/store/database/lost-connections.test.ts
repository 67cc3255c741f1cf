import { createOrm } from '../../../src/infra/db/orm.js';
import { createQuery, createTransact } from '../../../src/infra/db/transact.js';
import type { Query, Transact } from '../../../src/domain/kernel/transact.js';
import { openApp } from '../../support/app.js';
import { freshDatabase, type TestDatabase } from '../../support/database.js';
import { openGap, type Gap } from '../../support/gap.js';
import { connectRedis, whileUp } from '../../../src/infra/redis/client.js';
import { serviceUrl } from '../../support/services.js';

const PLACES = 2;
/** Longer than a healthy server is silent for, as nothing here takes its time. */
const SILENCE_MS = 1_500;

let database: TestDatabase;
let gap: Gap;
const closing: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  database = await freshDatabase();
});
beforeEach(async () => {
  gap = await openGap(new URL(database.url).host);
});
afterEach(async () => {
  await gap.mend();
  for (const close of closing.splice(0)) await close();
  await gap.close();
});
afterAll(() => database.drop());

/** A pool of two places on the way that can be cut. */
function connect(): { query: Query; transact: Transact } {
  const url = new URL(database.url);
  url.host = gap.address;
  const orm = createOrm({ url: url.href, poolMax: PLACES, silenceMs: SILENCE_MS });
  closing.push(() => orm.close(true));
  return { query: createQuery(orm), transact: createTransact(orm) };
}
const one = (query: Query) => query((em) => em.execute<{ one: number }[]>('select 1 as one'));

test('a pool, that lost more connections in transactions than it has places, still has all of them', async () => {
  const { query, transact } = connect();
  for (let round = 0; round < PLACES * 2; round += 1)
    await expect(
      transact(async (em) => {
        const [row] = await em.execute<{ pid: number }[]>('select pg_backend_pid() as pid');
        const killer = createOrm({ url: database.url, poolMax: 1 });
        await createQuery(killer)((other) => other.execute('select pg_terminate_backend(?)', [row?.pid ?? 0]));
        await killer.close(true);
        await em.execute('select 1');
      }),
    ).rejects.toThrow(/terminat|not queryable/);
  await expect(
    transact(async () => {
      await transact((em) => em.execute('select 1'));
    }),
  ).resolves.toBeUndefined();
  await expect(one(query)).resolves.toEqual([{ one: 1 }]);
});

test('a pool, whose server falls silent in the middle of calls, fails them and serves again once it speaks', async () => {
  const { query, transact } = connect();
  await expect(Promise.all([one(query), one(query)])).resolves.toHaveLength(2);
  const inside = transact(async (em) => {
    await em.execute('select 1');
    gap.cut();
    await em.execute('select 2');
  });
  await expect(inside).rejects.toThrow('Connection terminated');
  await expect(one(query)).rejects.toThrow(/Connection terminated|timeout/);
  await gap.mend();
  for (let round = 0; round < PLACES; round += 1) await expect(one(query)).resolves.toEqual([{ one: 1 }]);
});

test('a pool, left alone for longer than a silent server is waited for, keeps its connections', async () => {
  const { query } = connect();
  const pid = async () => (await query((em) => em.execute<{ pid: number }[]>('select pg_backend_pid() as pid')))[0];
  const before = await pid();
  await new Promise((resolve) => setTimeout(resolve, SILENCE_MS + 500));
  await expect(pid()).resolves.toEqual(before);
});

test('a request, while PostgreSQL is silent, is answered 503 with Retry-After', async () => {
  const { query } = connect();
  await one(query);
  const app = await openApp({ query });
  closing.push(() => app.close());
  gap.cut();
  const { status, body, headers } = await app.call('GET', '/shipping-methods?country=DE');
  expect([status, body.error.code, headers.get('Retry-After')]).toEqual([503, 'temporarily_unavailable', '2']);
});

test('Redis, that falls silent, is gone on without', async () => {
  const { host } = new URL(serviceUrl('redis'));
  const way = await openGap(host);
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined, debug: () => undefined };
  const redis = connectRedis({ url: `redis://${way.address}`, log: log as never });
  closing.push(() => {
    redis.disconnect();
    return way.close();
  });
  await new Promise((resolve) => redis.once('ready', resolve));
  await expect(whileUp(redis, () => redis.ping())).resolves.toBe('PONG');
  way.cut();
  await expect(whileUp(redis, () => redis.ping())).resolves.toBeNull();
});
