import type { EntityManager } from '@mikro-orm/postgresql';
import { writeAudit } from '../audit/index.js';
import type { Cipher } from '../kernel/cipher.js';
import { claimNames } from './claim-names.js';
import { askToConfirmEmail } from './confirm-email.js';
import { User } from './entities.js';
import { insertRoles } from './grant-role.js';
import type { Role } from './permissions.js';
import { sealPhone } from './store.js';

export interface NewUser {
  readonly id: string;
  /** Normalised. */
  readonly email: string;
  /** Normalised. */
  readonly username: string;
  readonly passwordHash: string;
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly phone: string | null;
  /** Vendors are made of users by `administerUser`, which names their shop. */
  readonly roles: readonly Exclude<Role, 'vendor'>[];
  /** Who registers them, where they do not do it themselves. */
  readonly operator?: string;
  readonly requestId?: string;
}

export interface RegisterDeps {
  readonly em: EntityManager;
  readonly cipher: Cipher;
}

/** @throws DomainError `email_taken`, `username_taken` */
export async function registerUser({ em, cipher }: RegisterDeps, user: NewUser): Promise<void> {
  const { id, email, username, passwordHash, firstName, lastName } = user;
  await claimNames(em, id, { email, username });
  await em.insert(User, {
    id,
    email,
    username,
    passwordHash,
    firstName,
    lastName,
    ...sealPhone(cipher, id, user.phone),
  });
  await insertRoles(em, id, user.roles);
  await askToConfirmEmail({ em, cipher }, { userId: id, email, topic: 'user.registered' });
  await writeAudit(em, {
    actor: user.operator === undefined ? { type: 'user', id } : { type: 'operator', id: user.operator },
    action: 'user.registered',
    object: { type: 'user', id },
    data: { roles: user.roles },
    ...(user.requestId === undefined ? {} : { requestId: user.requestId }),
  });
}
