import { newId } from '../../../src/domain/kernel/ids.js';
import {
  addAddress,
  ADDRESSES_MAX,
  listAddresses,
  readAddress,
  removeAddress,
  replaceAddress,
} from '../../../src/domain/users/index.js';
import { createUserWorld, type UserWorld } from '../../support/users.js';

let world: UserWorld;
beforeAll(() => {
  world = createUserWorld(process.env['DATABASE_URL'] ?? '');
});
afterAll(() => world.close());

const entry = (overrides: object = {}) => ({
  label: 'home',
  isDefault: false,
  address: { name: 'Jo Doe', line1: 'Long Lane 1', city: 'Köln', postalCode: '50667', country: 'DE' },
  ...overrides,
});
async function add(userId: string, overrides: object = {}): Promise<string> {
  const id = newId();
  await world.transact((em) => addAddress({ em, cipher: world.cipher }, userId, id, entry(overrides)));
  return id;
}
const list = (userId: string) => world.query((em) => listAddresses({ em, cipher: world.cipher }, userId));

test('an address, when saved, is read back, and stands in its row sealed but for its country', async () => {
  const user = await world.register();
  const id = await add(user.id);
  await expect(world.query((em) => readAddress({ em, cipher: world.cipher }, user.id, id))).resolves.toMatchObject({
    id,
    label: 'home',
    ...entry().address,
  });
  const [row] = await world.sql<{ row: string }>(
    'select user_addresses::text as row from user_addresses where id = ?',
    [id],
  );
  expect(row?.row).not.toMatch(/Long Lane|Köln|50667|Jo Doe/);
});

test('a new default address takes the place of the one before, also from two requests at once', async () => {
  const user = await world.register();
  await Promise.all([add(user.id, { isDefault: true }), add(user.id, { isDefault: true }), add(user.id)]);
  const addresses = await list(user.id);
  expect(addresses.map(({ isDefault }) => isDefault)).toEqual([true, false, false]);
});

test('addAddress, beyond the limit and from several requests at once, refuses', async () => {
  const user = await world.register();
  await world.sql(
    `insert into user_addresses (id, user_id, country, address)
     select gen_random_uuid(), ?, 'DE', 'sealed' from generate_series(1, ?::int)`,
    [user.id, ADDRESSES_MAX - 1],
  );
  const results = await Promise.allSettled([add(user.id), add(user.id), add(user.id)]);
  expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected', 'rejected']);
  await expect(
    world.sql('select count(*)::int as n from user_addresses where user_id = ?', [user.id]),
  ).resolves.toEqual([{ n: ADDRESSES_MAX }]);
});

test('somebody else’s address is not found, whatever is done with it', async () => {
  const [owner, other] = [await world.register(), await world.register()];
  const id = await add(owner.id);
  const { cipher } = world;
  await expect(world.query((em) => readAddress({ em, cipher }, other.id, id))).rejects.toMatchObject({
    code: 'not_found',
  });
  await expect(world.transact((em) => replaceAddress({ em, cipher }, other.id, id, entry()))).rejects.toMatchObject({
    code: 'not_found',
  });
  await expect(world.transact((em) => removeAddress(em, other.id, id))).rejects.toMatchObject({ code: 'not_found' });
  await expect(list(owner.id)).resolves.toHaveLength(1);
});

test('a sealed address that was moved to another row does not open', async () => {
  const user = await world.register();
  const [one, two] = [await add(user.id), await add(user.id)];
  await world.sql(
    'update user_addresses set address = (select address from user_addresses where id = ?) where id = ?',
    [one, two],
  );
  await expect(list(user.id)).rejects.toThrow(/authenticate data/);
});
