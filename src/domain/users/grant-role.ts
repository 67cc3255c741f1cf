import type { EntityManager } from '@mikro-orm/postgresql';
import { writeAudit } from '../audit/index.js';
import { DomainError, notFound } from '../kernel/errors.js';
import type { Role } from './permissions.js';
import { lockUser } from './store.js';

/** Who changes what a user may do: a user with `users:write`, or an operator at the server. */
export interface Administrator {
  readonly type: 'user' | 'operator';
  readonly id: string;
  readonly requestId?: string;
}

/**
 * Sets a user's roles to exactly these; answers the live sessions that the caller makes the cache forget after its commit.
 * @throws DomainError `not_found`; `validation_failed` for a vendor of whom is not known which one
 */
export async function setRoles(
  em: EntityManager,
  by: Administrator,
  { userId, roles }: { readonly userId: string; readonly roles: readonly Role[] },
): Promise<string[]> {
  if ((await lockUser(em, userId)) === null) throw notFound('user');
  const before = await readRoles(em, userId);
  await em.execute('delete from user_roles where user_id = ?', [userId], 'run');
  await insertRoles(em, userId, roles);
  await assertVendorNamed(em, userId);
  await audit(em, by, userId, 'user.roles_changed', { before, after: [...roles].sort() });
  return liveSessions(em, userId);
}

/** Makes the user one of this vendor's people, or of none. Answers like `setRoles`. @throws DomainError like `setRoles` */
export async function setVendor(
  em: EntityManager,
  by: Administrator,
  { userId, vendorId }: { readonly userId: string; readonly vendorId: string | null },
): Promise<string[]> {
  const [changed] = await em.execute<unknown[]>(
    `update users set vendor_id = ?::uuid, version = version + 1, updated_at = now()
     where id = ? and (?::uuid is null or exists (select 1 from vendors where id = ?::uuid)) returning id`,
    [vendorId, userId, vendorId, vendorId],
  );
  if (changed === undefined) throw badVendor('there is no such vendor');
  await audit(em, by, userId, 'user.vendor_changed', { vendorId });
  return liveSessions(em, userId);
}

/** Whoever is granted the role `vendor` belongs to a vendor. @throws DomainError `validation_failed` */
export async function assertVendorNamed(em: EntityManager, userId: string): Promise<void> {
  const unnamed = await em.execute<unknown[]>(
    `select 1 from users u join user_roles r on r.user_id = u.id where u.id = ? and u.vendor_id is null and r.role = 'vendor'`,
    [userId],
  );
  if (unnamed.length > 0) throw badVendor('the role vendor needs one');
}

const badVendor = (message: string): DomainError =>
  new DomainError('validation_failed', 'this vendor is not possible', {}, [{ field: 'vendor_id', message }]);

/** Adds one role; changes nothing for who has it. Answers and throws like `setRoles`. */
export async function grantRole(
  em: EntityManager,
  by: Administrator,
  { userId, role }: { readonly userId: string; readonly role: Role },
): Promise<string[]> {
  if ((await lockUser(em, userId)) === null) throw notFound('user');
  const before = await readRoles(em, userId);
  if (before.includes(role)) return [];
  await insertRoles(em, userId, [role]);
  await assertVendorNamed(em, userId);
  await audit(em, by, userId, 'user.roles_changed', { before, after: [...before, role].sort() });
  return liveSessions(em, userId);
}

export async function insertRoles(em: EntityManager, userId: string, roles: readonly Role[]): Promise<void> {
  await em.execute(
    'insert into user_roles (user_id, role) select ?::uuid, value from jsonb_array_elements_text(?::jsonb)',
    [userId, JSON.stringify([...new Set(roles)])],
    'run',
  );
}

async function readRoles(em: EntityManager, userId: string): Promise<string[]> {
  const rows = await em.execute<{ role: string }[]>('select role from user_roles where user_id = ? order by role', [
    userId,
  ]);
  return rows.map(({ role }) => role);
}

export async function liveSessions(em: EntityManager, userId: string): Promise<string[]> {
  const rows = await em.execute<{ id: string }[]>(
    'select id from sessions where user_id = ? and revoked_at is null and expires_at > now()',
    [userId],
  );
  return rows.map(({ id }) => id);
}

export const audit = (
  em: EntityManager,
  { type, id, requestId }: Administrator,
  userId: string,
  action: string,
  data: Readonly<Record<string, unknown>>,
): Promise<void> =>
  writeAudit(em, {
    actor: { type, id },
    action,
    object: { type: 'user', id: userId },
    data,
    ...(requestId === undefined ? {} : { requestId }),
  });
