import type { EntityManager } from '@mikro-orm/postgresql';
import { DomainError } from '../kernel/errors.js';
import type { PasswordHasher, SecretTokens } from './ports.js';
import { openSession } from './sessions.js';
import { lockUser, type Credentials } from './store.js';

/**
 * Whether the password opens the account. Unknown, disabled and wrong take the same time and get the same answer.
 * @throws DomainError `bad_credentials`
 */
export async function checkPassword(
  hasher: PasswordHasher,
  credentials: Credentials | null,
  password: string,
): Promise<Credentials> {
  const matches = await hasher.verify(credentials?.passwordHash ?? null, password);
  if (credentials === null || !matches || credentials.disabled) throw badCredentials();
  return credentials;
}

/**
 * Opens a session for credentials that were checked before the transaction; answers its refresh token.
 * @throws DomainError `bad_credentials` when password or account changed meanwhile
 */
export async function logIn(
  { em, tokens }: { readonly em: EntityManager; readonly tokens: SecretTokens },
  checked: Credentials,
  session: { readonly id: string; readonly userAgent: string; readonly requestId: string },
): Promise<string> {
  const now = await lockUser(em, checked.id);
  if (now === null || now.disabled || now.passwordHash !== checked.passwordHash) throw badCredentials();
  return openSession({ em, tokens }, { ...session, userId: checked.id });
}

export const badCredentials = (): DomainError =>
  new DomainError('bad_credentials', 'e-mail address or password is wrong');
