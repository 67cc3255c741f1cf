import type { EntityManager } from '@mikro-orm/postgresql';
import { writeAudit } from '../audit/index.js';
import type { Cipher } from '../kernel/cipher.js';
import { notFound } from '../kernel/errors.js';
import { claimNames } from './claim-names.js';
import { askToConfirmEmail } from './confirm-email.js';
import { User } from './entities.js';
import { badCredentials } from './log-in.js';
import { supersedeResets } from './reset-password.js';
import { lockUser, sealPhone, type Credentials } from './store.js';

/** Absent: as it was. Null: none. E-mail address and username are normalised. */
export interface ProfileChange {
  readonly email?: string | undefined;
  readonly username?: string | undefined;
  readonly firstName?: string | null | undefined;
  readonly lastName?: string | null | undefined;
  readonly phone?: string | null | undefined;
}

export interface ProfileDeps {
  readonly em: EntityManager;
  readonly cipher: Cipher;
}

/**
 * Another e-mail address needs credentials whose password was checked before the transaction. It has to be confirmed anew, and
 * ends whatever was asked for by mail to the old one.
 * @throws DomainError `email_taken`, `username_taken`, `bad_credentials` when the password changed meanwhile
 */
export async function changeProfile(
  { em, cipher }: ProfileDeps,
  userId: string,
  change: ProfileChange,
  { checked, requestId }: { readonly checked: Credentials | null; readonly requestId: string },
): Promise<void> {
  const user = await lockUser(em, userId);
  if (user === null) throw notFound('user');
  const { email, username, firstName, lastName, phone } = change;
  const newEmail = email !== undefined && email !== user.email ? email : undefined;
  if (newEmail !== undefined && checked?.passwordHash !== user.passwordHash) throw badCredentials();
  await claimNames(em, userId, { email: newEmail, username });
  await em.nativeUpdate(
    User,
    { id: userId },
    {
      ...(newEmail === undefined ? {} : { email: newEmail, emailVerifiedAt: null }),
      ...(username === undefined ? {} : { username }),
      ...(firstName === undefined ? {} : { firstName }),
      ...(lastName === undefined ? {} : { lastName }),
      ...(phone === undefined ? {} : sealPhone(cipher, userId, phone)),
      updatedAt: new Date(),
    },
  );
  if (newEmail !== undefined) {
    await supersedeResets(em, userId);
    await askToConfirmEmail({ em, cipher }, { userId, email: newEmail, topic: 'user.email_changed' });
  }
  await writeAudit(em, {
    actor: { type: 'user', id: userId },
    action: newEmail === undefined ? 'user.profile_changed' : 'user.email_changed',
    object: { type: 'user', id: userId },
    data: { fields: Object.entries(change).flatMap(([field, value]) => (value === undefined ? [] : [field])) },
    requestId,
  });
}
