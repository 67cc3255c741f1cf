import type { EntityManager } from '@mikro-orm/postgresql';
import type { Cipher, Sealed } from '../kernel/cipher.js';
import type { Account, SessionAuthority } from './types.js';

/** Null unless the session lives and its user is not disabled. */
export async function readAuthority(em: EntityManager, sessionId: string): Promise<SessionAuthority | null> {
  const [row] = await em.execute<SessionAuthority[]>(
    `select s.user_id as "userId", u.tier, u.vendor_id as "vendorId", s.expires_at as "expiresAt",
       array(select role from user_roles where user_id = u.id order by role) as roles,
       array(select distinct permission from user_roles join role_permissions using (role)
             where user_id = u.id order by permission) as permissions,
       array(select distinct permission from user_roles join role_permissions using (role)
             where user_id = u.id and role <> 'vendor' order by permission) as "shopPermissions"
     from sessions s join users u on u.id = s.user_id
     where s.id = ? and s.revoked_at is null and s.expires_at > now() and u.disabled_at is null`,
    [sessionId],
  );
  return row ?? null;
}

export interface Credentials {
  readonly id: string;
  readonly email: string;
  readonly username: string;
  readonly passwordHash: string;
  readonly disabled: boolean;
}

const CREDENTIALS = `select id, email, username, password_hash as "passwordHash", disabled_at is not null as disabled from users`;

export async function findCredentials(em: EntityManager, email: string): Promise<Credentials | null> {
  const [row] = await em.execute<Credentials[]>(`${CREDENTIALS} where email = ?`, [email]);
  return row ?? null;
}

export async function readCredentials(em: EntityManager, userId: string): Promise<Credentials | null> {
  const [row] = await em.execute<Credentials[]>(`${CREDENTIALS} where id = ?`, [userId]);
  return row ?? null;
}

/** Locked before everything else of a user that is locked. */
export async function lockUser(em: EntityManager, userId: string): Promise<Credentials | null> {
  const [row] = await em.execute<Credentials[]>(`${CREDENTIALS} where id = ? for no key update`, [userId]);
  return row ?? null;
}

export type AccountRow = Omit<Account, 'phone'> & { readonly phone: Sealed | null };

export const ACCOUNT_COLUMNS = `u.id, u.email, u.username, u.first_name as "firstName", u.last_name as "lastName", u.phone,
  u.email_verified_at is not null as "emailVerified", u.disabled_at is not null as disabled, u.tier,
  u.vendor_id as "vendorId", u.created_at as "createdAt",
  array(select role from user_roles where user_id = u.id order by role) as roles`;

export const toAccount = (cipher: Cipher, row: AccountRow): Account => ({
  ...row,
  phone: row.phone === null ? null : cipher.open(row.phone, phoneContext(row.id)),
});

export async function readAccount(em: EntityManager, cipher: Cipher, userId: string): Promise<Account | null> {
  const [row] = await em.execute<AccountRow[]>(`select ${ACCOUNT_COLUMNS} from users u where u.id = ?`, [userId]);
  return row === undefined ? null : toAccount(cipher, row);
}

const phoneContext = (userId: string): string => `users.phone:${userId}`;

/** The columns of a phone number: sealed, and its blind index. */
export const sealPhone = (
  cipher: Cipher,
  userId: string,
  phone: string | null,
): { phone: Sealed | null; phoneIndex: string | null } =>
  phone === null
    ? { phone: null, phoneIndex: null }
    : { phone: cipher.seal(phone, phoneContext(userId)), phoneIndex: cipher.blindIndex(phone, 'users.phone') };

export const emailIndex = (cipher: Cipher, email: string): string => cipher.blindIndex(email, 'users.email');
