import { createOutbox, publish, type Outbox } from '../../../src/domain/outbox/index.js';
import { createOrm, type MikroORM } from '../../../src/infra/db/orm.js';
import { createQuery, createTransact } from '../../../src/infra/db/transact.js';
import { createOutboxRelay } from '../../../src/infra/temporal/outbox-relay.js';
import type { Flows } from '../../../src/workflows/contracts.js';
import { freshDatabase, type TestDatabase } from '../../support/database.js';
import { describeWith } from '../../support/services.js';

describeWith('postgres', 'the outbox', () => {
  let database: TestDatabase;
  let orm: MikroORM;
  let outbox: Outbox;

  beforeAll(async () => {
    database = await freshDatabase();
    orm = createOrm({ url: database.url });
    outbox = createOutbox({ transact: createTransact(orm), query: createQuery(orm) });
  });
  afterAll(async () => {
    await orm.close(true);
    await database.drop();
  });
  beforeEach(() => run('truncate outbox restart identity'));

  const run = (sql: string, params: unknown[] = []): Promise<unknown> =>
    createQuery(orm)((em) => em.execute(sql, params, 'run'));
  const say = (...confirmationIds: string[]) =>
    createTransact(orm)(async (em) => {
      for (const confirmationId of confirmationIds)
        await publish(em, { topic: 'user.registered', key: confirmationId, payload: { confirmationId } });
    });

  /** Temporal as far as the relay needs it: an id is taken once. */
  function takesOnce() {
    const taken = new Map<string, number>();
    const flows: Pick<Flows, 'start' | 'signal'> = {
      signal: async () => false,
      start: async (_flow: string, workflowId: string) => {
        taken.set(workflowId, (taken.get(workflowId) ?? 0) + 1);
      },
    };
    return { taken, flows };
  }
  const log = { warn: () => undefined, error: () => undefined };

  test('publishing, when its transaction rolls back, leaves nothing', async () => {
    const failing = createTransact(orm)(async (em) => {
      await publish(em, { topic: 'search.products', key: 'p1', payload: { product_ids: ['p1'] } });
      throw new Error('rolled back');
    });
    await expect(failing).rejects.toThrow('rolled back');
    await expect(outbox.waiting(10)).resolves.toEqual([]);
  });

  test('waiting messages come oldest first, with their payload, until they are marked', async () => {
    await say('a', 'b', 'c');
    await expect(outbox.waiting(2)).resolves.toEqual([
      { id: 1, topic: 'user.registered', payload: { confirmationId: 'a' } },
      { id: 2, topic: 'user.registered', payload: { confirmationId: 'b' } },
    ]);
    await outbox.markPublished([1, 2]);
    await expect(outbox.waiting(10)).resolves.toMatchObject([{ id: 3 }]);
  });

  test('a message of a topic that this version does not know waits', async () => {
    await run(`insert into outbox (topic, key) values ('tomorrow', 'x')`);
    await say('a');
    await expect(outbox.waiting(10)).resolves.toMatchObject([{ topic: 'user.registered' }]);
  });

  test('two relays, when they run at once, publish everything and start nothing but the same flows', async () => {
    const ids = Array.from({ length: 40 }, (_, index) => `c${index}`);
    await say(...ids);
    const { taken, flows } = takesOnce();
    const relays = [1, 2].map(() => createOutboxRelay({ outbox, flows, log, batch: 15 }));
    while ((await outbox.waiting(1)).length > 0) await Promise.all(relays.map((relay) => relay.once()));
    expect([...taken.keys()].sort()).toEqual(ids.map((id) => `confirm-email-${id}`).sort());
  });

  test('a relay, when one before died between start and mark, starts the same flow again and marks it', async () => {
    await say('a');
    const { taken, flows } = takesOnce();
    const dying = createOutboxRelay({
      outbox: { ...outbox, markPublished: async () => Promise.reject(new Error('killed')) },
      flows,
      log,
    });
    await expect(dying.once()).rejects.toThrow('killed');
    await expect(createOutboxRelay({ outbox, flows, log }).once()).resolves.toEqual({ published: 1, left: 0 });
    expect([...taken]).toEqual([['confirm-email-a', 2]]);
    await expect(outbox.waiting(10)).resolves.toEqual([]);
  });

  test('the sweep forgets what was published more than a day ago, and nothing else', async () => {
    await say('old', 'fresh', 'waiting');
    await run(`update outbox set published_at = now() - interval '25 hours' where id = 1`);
    await run(`update outbox set published_at = now() - interval '23 hours' where id = 2`);
    await run(`update outbox set created_at = now() - interval '9 days' where id = 3`);
    await expect(outbox.sweep()).resolves.toBe(1);
    await expect(createQuery(orm)((em) => em.execute('select id from outbox order by id'))).resolves.toEqual([
      { id: 2 },
      { id: 3 },
    ]);
  });
});
