import type { EntityManager } from '@mikro-orm/postgresql';
import type { Cipher } from '../kernel/cipher.js';
import { DomainError, notFound } from '../kernel/errors.js';
import { assertVendorNamed, audit, liveSessions, setRoles, setVendor, type Administrator } from './grant-role.js';
import type { Role } from './permissions.js';
import { revokeSessions } from './sessions.js';
import { ACCOUNT_COLUMNS, lockUser, toAccount, type AccountRow } from './store.js';
import type { Account } from './types.js';

/** Absent: as it was. */
export interface Administration {
  readonly roles?: readonly Role[] | undefined;
  /** Whose things the role `vendor` is about. Null: nobody's. */
  readonly vendorId?: string | null | undefined;
  readonly disabled?: boolean | undefined;
  /** Null: no tier. */
  readonly tier?: string | null | undefined;
}

/**
 * Changes what a user may do and pays; a disabled user loses all sessions. Answers the sessions that the caller makes the
 * cache forget after its commit.
 * @throws DomainError `not_found`; `validation_failed` for an unknown tier or vendor, or a vendor without one; `conflict` when it would lock its own author out
 */
export async function administerUser(
  em: EntityManager,
  by: Administrator,
  userId: string,
  { roles, vendorId, disabled, tier }: Administration,
): Promise<string[]> {
  const user = await lockUser(em, userId);
  if (user === null) throw notFound('user');
  if (by.id === userId && (disabled === true || (roles !== undefined && !roles.includes('admin'))))
    throw new DomainError('conflict', 'administrators do not lock themselves out');
  const touched: string[] = [];
  if (vendorId !== undefined) touched.push(...(await setVendor(em, by, { userId, vendorId })));
  if (roles !== undefined) touched.push(...(await setRoles(em, by, { userId, roles })));
  else if (vendorId !== undefined) await assertVendorNamed(em, userId);
  if (tier !== undefined) {
    await assertTier(em, tier);
    await em.execute(
      'update users set tier = ?, version = version + 1, updated_at = now() where id = ?',
      [tier, userId],
      'run',
    );
    await audit(em, by, userId, 'user.tier_changed', { tier });
    touched.push(...(await liveSessions(em, userId)));
  }
  if (disabled !== undefined && disabled !== user.disabled) {
    await em.execute(
      'update users set disabled_at = case when ? then now() end, version = version + 1, updated_at = now() where id = ?',
      [disabled, userId],
      'run',
    );
    if (disabled) touched.push(...(await revokeSessions(em, { userId }, 'user_disabled')));
    await audit(em, by, userId, disabled ? 'user.disabled' : 'user.enabled', {});
  }
  return [...new Set(touched)];
}

async function assertTier(em: EntityManager, tier: string | null): Promise<void> {
  if (tier === null) return;
  const known = await em.execute<unknown[]>('select 1 from customer_tiers where code = ? for key share', [tier]);
  if (known.length === 0)
    throw new DomainError('validation_failed', 'there is no such tier', {}, [
      { field: 'tier', message: 'is not known' },
    ]);
}

/** Newest first; `email` names one exactly, `before` is the last id of the page before. */
export async function listUsers(
  { em, cipher }: { readonly em: EntityManager; readonly cipher: Cipher },
  { limit, before, email }: { readonly limit: number; readonly before: string | null; readonly email: string | null },
): Promise<Account[]> {
  const rows = await em.execute<AccountRow[]>(
    `select ${ACCOUNT_COLUMNS} from users u
     where (?::uuid is null or u.id < ?::uuid) and (?::text is null or u.email = ?::text)
     order by u.id desc limit ?`,
    [before, before, email, email, limit],
  );
  return rows.map((row) => toAccount(cipher, row));
}
