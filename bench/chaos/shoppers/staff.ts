import { randomBytes } from 'node:crypto';
import type { Answer, Method, Path, Rest } from '../../../dev/demo/answers.js';
import { loadConfig } from '../../../src/config.js';
import { newId } from '../../../src/domain/kernel/ids.js';
import { registerUser } from '../../../src/domain/users/index.js';
import { createCipher } from '../../../src/infra/crypto/aes-cipher.js';
import { createPasswordHasher } from '../../../src/infra/crypto/passwords.js';
import { createOrm } from '../../../src/infra/db/orm.js';
import { createTransact } from '../../../src/infra/db/transact.js';
import type { Stage } from '../contracts.js';
import { openBrowser, type BrowserDeps } from './browser.js';
import { askFrom, type Visit } from './visit.js';

/** An administrator, for all who need one. */
export interface Staff {
  /** Until it is answered; logs in where that is asked for. @throws GaveUp */
  ask<M extends Method, P extends Path<M>>(
    visit: Pick<Visit, 'surprise' | 'note'>,
    method: M,
    path: P,
    ...init: Rest<M, P>
  ): Promise<Answer<M, P>>;
}

const UNAUTHENTICATED: number = 401;

/** Makes the administrator in the database, as a shop's first one is made. */
export async function openStaff({ env }: Stage, deps: BrowserDeps): Promise<Staff> {
  const credentials = await hire(env);
  const browser = openBrowser(deps);
  let loggingIn: Promise<void> | null = null;

  async function logIn(visit: Pick<Visit, 'surprise' | 'note'>): Promise<void> {
    const answer = await askFrom(visit, browser, 'POST', '/auth/login', { body: credentials });
    if (answer.status !== 200) return visit.surprise('POST /auth/login', `staff was answered ${answer.status}`);
    browser.accessToken = answer.body.access_token;
  }

  return {
    async ask(visit, method, path, ...init) {
      const answer = await askFrom(visit, browser, method, path, ...init);
      if (answer.status !== UNAUTHENTICATED) return answer;
      loggingIn ??= logIn(visit).finally(() => (loggingIn = null));
      await loggingIn;
      return askFrom(visit, browser, method, path, ...init);
    },
  };
}

async function hire(env: Stage['env']): Promise<{ readonly email: string; readonly password: string }> {
  const config = loadConfig({ ...process.env, ...env });
  const mark = randomBytes(6).toString('hex');
  const person = { email: `staff.${mark}@example.com`, password: `${mark} keeps the shop` };
  const orm = createOrm({ url: config.database.url, poolMax: 1, applicationName: 'perdure-chaos' });
  try {
    const passwordHash = await createPasswordHasher().hash(person.password);
    const user = {
      ...{ id: newId(), email: person.email, username: `staff-${mark}`, passwordHash },
      ...{ firstName: null, lastName: null, phone: null, operator: 'chaos' },
      roles: ['customer', 'admin'],
    } as const;
    await createTransact(orm)((em) => registerUser({ em, cipher: createCipher(config.encryption) }, user));
  } finally {
    await orm.close(true);
  }
  return person;
}
