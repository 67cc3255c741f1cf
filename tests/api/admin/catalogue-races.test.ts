import { openApp, type Answer, type TestApp } from '../../support/app.js';
import { until } from '../../support/until.js';

let app: TestApp;
let headers: Record<string, string>;
beforeAll(async () => {
  app = await openApp();
  ({ headers } = await app.login({ roles: ['admin'] }));
});
afterAll(() => app.close());

interface Body {
  readonly id: string;
  readonly error?: { readonly code: string; readonly details: readonly { readonly field: string }[] };
}
const call = (method: string, path: string, body?: object): Promise<Answer<Body>> =>
  app.call<Body>(method, path, { headers, ...(body === undefined ? {} : { body }) });
let made = 0;
const category = async () => (await call('POST', '/admin/categories', { name: `Shelf ${(made += 1)}` })).body.id;
const product = (category_id: string) =>
  call('POST', '/admin/products', {
    sku: `RACE-${(made += 1)}`,
    title: 'Thing',
    category_id,
    price: { amount: 1, currency: 'USD' },
  });

/** The second begins when the first waits for the category's row, which a third holds until both are there. */
async function race(
  categoryId: string,
  first: () => Promise<Answer<Body>>,
  second: () => Promise<Answer<Body>>,
): Promise<Answer<Body>[]> {
  const waiting = async (): Promise<number> =>
    (
      await app.shop.rows(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      )
    ).length;
  const begun: Promise<Answer<Body>>[] = [];
  await app.deps.transact(async (em) => {
    await em.execute('select from categories where id = ? for update', [categoryId]);
    begun.push(first());
    await until('the first waits', waiting, (count) => count === 1);
    begun.push(second());
    await until('the second waits', waiting, (count) => count === 2);
  });
  return Promise.all(begun);
}

const inside = async (id: string): Promise<number> =>
  (await app.shop.rows('select from products where category_id = ?', [id])).length;

test('a category that is deleted before a product is made in it goes, and the product is refused', async () => {
  const id = await category();
  const [deleted, made] = await race(
    id,
    () => call('DELETE', `/admin/categories/${id}`),
    () => product(id),
  );
  expect([deleted?.status, made?.status, made?.body.error?.details[0]?.field]).toEqual([204, 400, 'category_id']);
  expect(await inside(id)).toBe(0);
});

test('a category that is deleted after a product was begun in it stays, with the product', async () => {
  const id = await category();
  const [made, deleted] = await race(
    id,
    () => product(id),
    () => call('DELETE', `/admin/categories/${id}`),
  );
  expect([made?.status, deleted?.status, await inside(id)]).toEqual([201, 409, 1]);
});

test('a category that is deleted while a product moves into it: whoever came first wins, the other is refused', async () => {
  for (const deletesFirst of [true, false]) {
    const [id, { body: thing }] = [await category(), await product(await category())];
    const deleting = () => call('DELETE', `/admin/categories/${id}`);
    const moving = () => call('PATCH', `/admin/products/${thing.id}`, { category_id: id });
    const answers = deletesFirst ? await race(id, deleting, moving) : await race(id, moving, deleting);
    expect([...answers.map(({ status }) => status), await inside(id)]).toEqual(
      deletesFirst ? [204, 400, 0] : [200, 409, 1],
    );
  }
});

test('a category that two delete at once goes once', async () => {
  const id = await category();
  const answers = await race(
    id,
    () => call('DELETE', `/admin/categories/${id}`),
    () => call('DELETE', `/admin/categories/${id}`),
  );
  expect(answers.map(({ status }) => status)).toEqual([204, 404]);
});
