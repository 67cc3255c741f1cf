/**
 * Makes an administrator, the first one included:
 *
 *     create-admin              asks for e-mail address, username and password
 *     create-admin --promote    asks for the address of an account, and makes it an administrator
 *
 * Without a terminal it reads the answers from its input, one a line: passwords never stand among arguments.
 */
import { userInfo } from 'node:os';
import { loadConfig } from '../config.js';
import { DomainError } from '../domain/kernel/errors.js';
import { newId } from '../domain/kernel/ids.js';
import {
  assertPasswordAcceptable,
  findCredentials,
  grantRole,
  isUsername,
  normaliseEmail,
  normaliseUsername,
  registerUser,
} from '../domain/users/index.js';
import { createCipher } from '../infra/crypto/aes-cipher.js';
import { createPasswordHasher } from '../infra/crypto/passwords.js';
import { createOrm } from '../infra/db/orm.js';
import { createQuery, createTransact } from '../infra/db/transact.js';
import { openQuestions } from './questions.js';

const args = process.argv.slice(2);
if (args.some((arg) => arg !== '--promote')) throw new Error('usage: create-admin [--promote]');
const promote = args.includes('--promote');

const config = loadConfig();
const orm = createOrm({ url: config.database.url, poolMax: 2, applicationName: 'perdure-create-admin' });
const [query, transact] = [createQuery(orm), createTransact(orm)];
const operator = userInfo().username;
const questions = openQuestions();
try {
  const email = normaliseEmail(await questions.ask('E-mail address: '));
  if (!/^[^\s@]+@[^\s@]+$/.test(email)) throw new Error('this is no e-mail address');
  const existing = await query((em) => findCredentials(em, email));
  if (promote) {
    if (existing === null) throw new Error('no account has this e-mail address');
    await transact((em) => grantRole(em, { type: 'operator', id: operator }, { userId: existing.id, role: 'admin' }));
    console.log(`user ${existing.id} is an administrator; sessions that are open know within 10 s`);
  } else {
    if (existing !== null)
      throw new Error('an account has this e-mail address already: use --promote to make it an administrator');
    console.log(`user ${await register(email)} is an administrator`);
  }
} catch (error) {
  const details =
    error instanceof DomainError ? error.details.map((detail) => `${detail.field} ${detail.message}`) : [];
  console.error([error instanceof Error ? error.message : error, ...details].join(': '));
  process.exitCode = 1;
} finally {
  questions.close();
  await orm.close(true);
}

async function register(email: string): Promise<string> {
  const username = normaliseUsername(await questions.ask('Username: '));
  if (!isUsername(username)) throw new Error('a username has 3 to 32 letters, digits, ".", "_" or "-"');
  const password = await questions.askSecretly('Password (at least 10 characters): ');
  assertPasswordAcceptable(password, { email, username });
  const id = newId();
  const passwordHash = await createPasswordHasher().hash(password);
  const cipher = createCipher(config.encryption);
  const none = { firstName: null, lastName: null, phone: null };
  await transact((em) =>
    registerUser(
      { em, cipher },
      { id, email, username, passwordHash, ...none, roles: ['customer', 'admin'], operator },
    ),
  );
  return id;
}
