import { randomBytes } from 'node:crypto';
import type { MikroORM } from '@mikro-orm/postgresql';
import type { Cipher } from '../../src/domain/kernel/cipher.js';
import { newId } from '../../src/domain/kernel/ids.js';
import type { Query, Transact } from '../../src/domain/kernel/transact.js';
import { registerUser, type NewUser, type PasswordHasher, type SecretTokens } from '../../src/domain/users/index.js';
import { createCipher } from '../../src/infra/crypto/aes-cipher.js';
import { createPasswordHasher } from '../../src/infra/crypto/passwords.js';
import { createSecretTokens } from '../../src/infra/crypto/secret-tokens.js';
import { createOrm } from '../../src/infra/db/orm.js';
import { createQuery, createTransact } from '../../src/infra/db/transact.js';

export const PASSWORD = 'correct horse battery';

export interface UserWorld {
  readonly orm: MikroORM;
  readonly transact: Transact;
  readonly query: Query;
  readonly cipher: Cipher;
  readonly tokens: SecretTokens;
  readonly passwords: PasswordHasher;
  /** Registers a user of PASSWORD with an address and name of their own. */
  register(overrides?: {
    email?: string;
    username?: string;
    roles?: NewUser['roles'];
  }): Promise<{ id: string; email: string }>;
  /** Rows of a raw statement. */
  sql<T extends object>(statement: string, parameters?: readonly unknown[]): Promise<T[]>;
  close(): Promise<void>;
}

/** The users' tables of a database with all that their use cases need. */
export function createUserWorld(databaseUrl: string): UserWorld {
  const orm = createOrm({ url: databaseUrl });
  const transact = createTransact(orm);
  const query = createQuery(orm);
  const cipher = createCipher({ keys: [{ id: 'k1', secret: randomBytes(32) }], blindIndexKey: randomBytes(32) });
  const passwords = createPasswordHasher();
  return {
    orm,
    transact,
    query,
    cipher,
    passwords,
    tokens: createSecretTokens({ keys: [{ id: 'a1', secret: randomBytes(32) }] }),
    async register({ email, username, roles = ['customer'] as NewUser['roles'] } = {}) {
      const id = newId();
      const name = `u${id.replaceAll('-', '').slice(-20)}`;
      const user: NewUser = {
        id,
        email: email ?? `${name}@example.com`,
        username: username ?? name,
        passwordHash: await passwords.hash(PASSWORD),
        firstName: null,
        lastName: null,
        phone: null,
        roles,
      };
      await transact((em) => registerUser({ em, cipher }, user));
      return { id, email: user.email };
    },
    sql: (statement, parameters = []) => query((em) => em.execute(statement, [...parameters])),
    close: () => orm.close(true),
  };
}
