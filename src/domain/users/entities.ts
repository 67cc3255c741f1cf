import { defineEntity, p, type InferEntity } from '@mikro-orm/postgresql';

export const User = defineEntity({
  name: 'User',
  tableName: 'users',
  properties: {
    id: p.uuid().primary(),
    email: p.text(),
    username: p.text(),
    passwordHash: p.text(),
    firstName: p.text().nullable(),
    lastName: p.text().nullable(),
    /** Sealed. */
    phone: p.text().nullable(),
    phoneIndex: p.text().nullable(),
    tier: p.text().nullable(),
    vendorId: p.uuid().nullable(),
    emailVerifiedAt: p.datetime(3).nullable(),
    disabledAt: p.datetime(3).nullable(),
    version: p.integer().default(1),
    createdAt: p.datetime(3).defaultRaw('now()'),
    updatedAt: p.datetime(3).defaultRaw('now()'),
  },
});

export const UserAddress = defineEntity({
  name: 'UserAddress',
  tableName: 'user_addresses',
  properties: {
    id: p.uuid().primary(),
    userId: p.uuid(),
    label: p.text().default(''),
    country: p.character(),
    /** Sealed. */
    address: p.text(),
    isDefault: p.boolean().default(false),
    createdAt: p.datetime(3).defaultRaw('now()'),
    updatedAt: p.datetime(3).defaultRaw('now()'),
  },
});
export type UserAddressRow = InferEntity<typeof UserAddress>;

export const Session = defineEntity({
  name: 'Session',
  tableName: 'sessions',
  properties: {
    id: p.uuid().primary(),
    userId: p.uuid(),
    refreshHash: p.text(),
    previousRefreshHash: p.text().nullable(),
    rotatedAt: p.datetime(3).nullable(),
    userAgent: p.text().default(''),
    createdAt: p.datetime(3).defaultRaw('now()'),
    lastUsedAt: p.datetime(3).defaultRaw('now()'),
    expiresAt: p.datetime(3),
    revokedAt: p.datetime(3).nullable(),
    revokedReason: p.text().nullable(),
  },
});

export const userEntities = [User, UserAddress, Session] as const;
