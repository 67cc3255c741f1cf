import type { EntityManager } from '@mikro-orm/postgresql';
import { writeAudit } from '../audit/index.js';
import type { Cipher } from '../kernel/cipher.js';
import { DomainError } from '../kernel/errors.js';
import { User } from './entities.js';
import { askToConfirmEmail } from './confirm-email.js';
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
  readonly roles: readonly Role[];
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
  await refuseTaken(() =>
    em.insert(User, { id, email, username, passwordHash, firstName, lastName, ...sealPhone(cipher, id, user.phone) }),
  );
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

const TAKEN: Readonly<Record<string, 'email_taken' | 'username_taken'>> = {
  users_email_unique: 'email_taken',
  users_username_unique: 'username_taken',
};

/** Of two at once, the database's unique indexes let one through. */
export async function refuseTaken<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    const code = TAKEN[constraintOf(error)];
    if (code === undefined) throw error;
    throw new DomainError(
      code,
      code === 'email_taken' ? 'an account with this e-mail address exists' : 'this username is taken',
    );
  }
}

function constraintOf(error: unknown): string {
  const constraint = error instanceof Error ? (error as { constraint?: unknown }).constraint : undefined;
  return typeof constraint === 'string' ? constraint : '';
}
