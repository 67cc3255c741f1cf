import { DomainError, notFound } from '../kernel/errors.js';
import type { Caller } from './types.js';

/** Every permission an endpoint may ask for; which role has which is the table `role_permissions`. */
export const PERMISSIONS = [
  'catalogue:write',
  'imports:write',
  'inventory:write',
  'pricing:write',
  'orders:read',
  'orders:write',
  'users:read',
  'users:write',
  'flows:read',
  'flows:write',
  'audit:read',
  'reports:read',
] as const;
export type Permission = (typeof PERMISSIONS)[number];

export const ROLES = ['customer', 'vendor', 'staff', 'admin'] as const;
export type Role = (typeof ROLES)[number];

export type UserCaller = Extract<Caller, { kind: 'user' }>;

export const may = (caller: Caller, permission: Permission): boolean =>
  caller.kind === 'user' && caller.permissions.has(permission);

/** @throws DomainError `unauthenticated` for guests, `forbidden` for others without the permission */
export function assertMay(caller: Caller, permission: Permission): asserts caller is UserCaller {
  assertUser(caller);
  if (!may(caller, permission)) throw new DomainError('forbidden', 'your roles do not allow this', { permission });
}

/** @throws DomainError `unauthenticated` for guests */
export function assertUser(caller: Caller): asserts caller is UserCaller {
  if (caller.kind !== 'user') throw new DomainError('unauthenticated', 'log in first');
}

/**
 * What belongs to somebody else looks as if it did not exist, unless `instead` opens all of its kind.
 * @throws DomainError `not_found`
 */
export function assertOwner(caller: Caller, ownerId: string | null, what: string, instead?: Permission): void {
  const owns = caller.kind === 'user' && ownerId !== null && caller.userId === ownerId;
  if (!owns && !(instead !== undefined && may(caller, instead))) throw notFound(what);
}

/**
 * A vendor's things are open to that vendor, and to the shop's people: those who have the permission through another role
 * than `vendor`. The shop's own things (null) are open to its people alone.
 * @throws DomainError `unauthenticated`, `forbidden`, or `not_found` for what belongs to others
 */
export function assertMayForVendor(
  caller: Caller,
  permission: Permission,
  vendorId: string | null,
  what: string,
): void {
  assertMay(caller, permission);
  const owns = caller.vendorId !== null && caller.vendorId === vendorId;
  if (!owns && !caller.shopPermissions.has(permission)) throw notFound(what);
}

/**
 * What is the shop's as a whole is open to its people alone: a vendor's permission is not enough.
 * @throws DomainError `unauthenticated`, `forbidden`
 */
export function assertMayForShop(caller: Caller, permission: Permission): asserts caller is UserCaller {
  assertMay(caller, permission);
  if (!caller.shopPermissions.has(permission))
    throw new DomainError('forbidden', 'your roles do not allow this', { permission });
}

/** A vendor may have something of its own behind these. */
const OF_VENDORS: ReadonlySet<Permission> = new Set([
  'catalogue:write',
  'inventory:write',
  'orders:read',
  'orders:write',
]);

/**
 * Admits to an endpoint: what it opens of a vendor's own is its to decide, all else is the shop's as a whole.
 * @throws DomainError `unauthenticated`, `forbidden`
 */
export const assertAdmitted = (caller: Caller, permission: Permission): void =>
  OF_VENDORS.has(permission) ? assertMay(caller, permission) : assertMayForShop(caller, permission);
