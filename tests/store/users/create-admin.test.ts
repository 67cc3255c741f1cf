import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { newId } from '../../../src/domain/kernel/ids.js';
import { checkPassword, findCredentials } from '../../../src/domain/users/index.js';
import { createUserWorld, PASSWORD, type UserWorld } from '../../support/users.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

let world: UserWorld;
beforeAll(() => {
  world = createUserWorld(process.env['DATABASE_URL'] ?? '');
});
afterAll(() => world.close());

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** The command as an operator without a terminal runs it. */
function createAdmin(answers: readonly string[], ...args: string[]): Promise<Ended> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/bin/create-admin.ts', ...args], {
    cwd: ROOT,
    env: process.env,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stdin.end(answers.map((answer) => `${answer}\n`).join(''));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, output })));
}

const roles = async (email: string) =>
  (
    await world.sql<{ role: string }>(
      'select role from user_roles r join users u on u.id = r.user_id where email = ? order by role',
      [email],
    )
  ).map(({ role }) => role);
const audited = (email: string) =>
  world.sql<{ actor: string; action: string }>(
    `select actor_type as actor, action from audit_log where object_id = (select id::text from users where email = ?) order by id`,
    [email],
  );

test('create-admin makes an administrator who can log in, and audits who did it', async () => {
  const name = newId().slice(-20);
  const { code, output } = await createAdmin([`${name}@Example.com`, name, PASSWORD]);
  expect({ code, output }).toMatchObject({ code: 0, output: expect.stringContaining('is an administrator') as string });
  expect(output).not.toContain(PASSWORD);
  const email = `${name}@example.com`;
  await expect(roles(email)).resolves.toEqual(['admin', 'customer']);
  await expect(audited(email)).resolves.toEqual([{ actor: 'operator', action: 'user.registered' }]);
  const credentials = await world.query((em) => findCredentials(em, email));
  await expect(checkPassword(world.passwords, credentials, PASSWORD)).resolves.toMatchObject({ email });
});

test('create-admin, for an address that has an account, changes nothing unless told to promote it', async () => {
  const { email } = await world.register();
  await expect(createAdmin([email, newId().slice(-20), PASSWORD])).resolves.toMatchObject({ code: 1 });
  await expect(roles(email)).resolves.toEqual(['customer']);
  await expect(createAdmin([email], '--promote')).resolves.toMatchObject({ code: 0 });
  await expect(roles(email)).resolves.toEqual(['admin', 'customer']);
  await expect(audited(email)).resolves.toContainEqual({ actor: 'operator', action: 'user.roles_changed' });
});

test('create-admin, with a short password or too few answers or anything else as an argument, makes nobody', async () => {
  const name = newId().slice(-20);
  const email = `${name}@example.com`;
  await expect(createAdmin([email, name, 'short'])).resolves.toMatchObject({ code: 1 });
  await expect(createAdmin([email])).resolves.toMatchObject({ code: 1 });
  await expect(createAdmin([email, name, PASSWORD], `--password=${PASSWORD}`)).resolves.toMatchObject({ code: 1 });
  await expect(world.sql('select 1 from users where email = ?', [email])).resolves.toEqual([]);
});
