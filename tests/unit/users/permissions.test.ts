import {
  assertAdmitted,
  assertMay,
  assertMayForVendor,
  assertOwner,
  assertUser,
} from '../../../src/domain/users/index.js';
import type { Caller } from '../../../src/domain/users/types.js';

const guest: Caller = { kind: 'guest', cartToken: 'x'.repeat(40) };
const user = (
  permissions: readonly string[] = [],
  vendorId: string | null = null,
  shopPermissions = permissions,
): Caller => ({
  kind: 'user',
  userId: 'me',
  sessionId: 's',
  tier: null,
  vendorId,
  roles: [],
  permissions: new Set(permissions),
  shopPermissions: new Set(shopPermissions),
  cartToken: null,
});
const refusal = (code: string): Error => expect.objectContaining({ code }) as Error;

test('assertUser, for a guest, says unauthenticated', () => {
  expect(() => assertUser(guest)).toThrow(refusal('unauthenticated'));
  expect(() => assertUser(user())).not.toThrow();
});

test('assertMay, without the permission, says forbidden; for a guest unauthenticated', () => {
  expect(() => assertMay(user(['orders:read']), 'orders:write')).toThrow(refusal('forbidden'));
  expect(() => assertMay(guest, 'orders:write')).toThrow(refusal('unauthenticated'));
  expect(() => assertMay(user(['orders:write']), 'orders:write')).not.toThrow();
});

test('assertOwner, for what belongs to somebody else or to nobody, says not found', () => {
  expect(() => assertOwner(user(), 'you', 'order')).toThrow(refusal('not_found'));
  expect(() => assertOwner(user(), null, 'order')).toThrow(refusal('not_found'));
  expect(() => assertOwner(guest, 'me', 'order')).toThrow(refusal('not_found'));
  expect(() => assertOwner(user(), 'me', 'order')).not.toThrow();
});

test('assertOwner, with the permission that opens all of a kind, lets pass', () => {
  expect(() => assertOwner(user(['orders:read']), 'you', 'order', 'orders:read')).not.toThrow();
  expect(() => assertOwner(user(['users:read']), 'you', 'order', 'orders:read')).toThrow(refusal('not_found'));
});

test('assertMayForVendor lets a vendor reach its own things only, and the shop’s people all', () => {
  const vendor = user(['catalogue:write'], 'v1', []);
  expect(() => assertMayForVendor(vendor, 'catalogue:write', 'v1', 'product')).not.toThrow();
  expect(() => assertMayForVendor(vendor, 'catalogue:write', 'v2', 'product')).toThrow(refusal('not_found'));
  expect(() => assertMayForVendor(vendor, 'catalogue:write', null, 'product')).toThrow(refusal('not_found'));
  expect(() => assertMayForVendor(user(['catalogue:write']), 'catalogue:write', 'v2', 'product')).not.toThrow();
});

test('assertMayForVendor lets a vendor of whom is not known which one reach nothing', () => {
  const unnamed = user(['catalogue:write'], null, []);
  expect(() => assertMayForVendor(unnamed, 'catalogue:write', 'v1', 'product')).toThrow(refusal('not_found'));
  expect(() => assertMayForVendor(unnamed, 'catalogue:write', null, 'product')).toThrow(refusal('not_found'));
});

test('assertMayForVendor lets the shop’s people who are a vendor too reach all', () => {
  const both = user(['catalogue:write'], 'v1', ['catalogue:write']);
  expect(() => assertMayForVendor(both, 'catalogue:write', 'v2', 'product')).not.toThrow();
});

test('assertAdmitted, of a vendor whose role may more than vendors have of their own, says forbidden', () => {
  const vendor = user(['catalogue:write', 'flows:write', 'pricing:write', 'users:read'], 'v1', []);
  expect(() => assertAdmitted(vendor, 'catalogue:write')).not.toThrow();
  for (const permission of ['flows:write', 'pricing:write', 'users:read'] as const) {
    expect(() => assertAdmitted(vendor, permission)).toThrow(refusal('forbidden'));
    expect(() => assertAdmitted(user([permission]), permission)).not.toThrow();
    expect(() => assertAdmitted(guest, permission)).toThrow(refusal('unauthenticated'));
  }
});
