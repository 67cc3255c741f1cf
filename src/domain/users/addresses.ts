import type { EntityManager } from '@mikro-orm/postgresql';
import { openJson, sealJson, type Cipher, type Sealed } from '../kernel/cipher.js';
import { DomainError, notFound } from '../kernel/errors.js';
import { UserAddress, type UserAddressRow } from './entities.js';
import { lockUser } from './store.js';
import type { Address, SavedAddress } from './types.js';

export const ADDRESSES_MAX = 50;

export interface AddressDeps {
  readonly em: EntityManager;
  readonly cipher: Cipher;
}

export interface AddressEntry {
  readonly label: string;
  readonly isDefault: boolean;
  readonly address: Address;
}

/** All of a user's, the default first, then newest first. */
export async function listAddresses({ em, cipher }: AddressDeps, userId: string): Promise<SavedAddress[]> {
  const rows = await em.find(
    UserAddress,
    { userId },
    { orderBy: { isDefault: 'desc', id: 'desc' }, disableIdentityMap: true },
  );
  return rows.map((row) => toSaved(cipher, row));
}

/** @throws DomainError `not_found`, also for somebody else's */
export async function readAddress({ em, cipher }: AddressDeps, userId: string, id: string): Promise<SavedAddress> {
  const row = await em.findOne(UserAddress, { id, userId }, { disableIdentityMap: true });
  if (row === null) throw notFound('address');
  return toSaved(cipher, row);
}

/** @throws DomainError `conflict` when the user has as many as one may have */
export async function addAddress(
  { em, cipher }: AddressDeps,
  userId: string,
  id: string,
  entry: AddressEntry,
): Promise<void> {
  if ((await lockUser(em, userId)) === null) throw notFound('user');
  if ((await em.count(UserAddress, { userId })) >= ADDRESSES_MAX)
    throw new DomainError('conflict', `an account has at most ${ADDRESSES_MAX} addresses`, { max: ADDRESSES_MAX });
  await makeRoomForDefault(em, userId, entry);
  await em.insert(UserAddress, { id, userId, ...columns(cipher, id, entry) });
}

/** @throws DomainError `not_found`, also for somebody else's */
export async function replaceAddress(
  { em, cipher }: AddressDeps,
  userId: string,
  id: string,
  entry: AddressEntry,
): Promise<void> {
  if ((await lockUser(em, userId)) === null) throw notFound('user');
  await makeRoomForDefault(em, userId, entry);
  const changed = await em.nativeUpdate(
    UserAddress,
    { id, userId },
    { ...columns(cipher, id, entry), updatedAt: new Date() },
  );
  if (changed === 0) throw notFound('address');
}

/** @throws DomainError `not_found`, also for somebody else's */
export async function removeAddress(em: EntityManager, userId: string, id: string): Promise<void> {
  if ((await em.nativeDelete(UserAddress, { id, userId })) === 0) throw notFound('address');
}

async function makeRoomForDefault(em: EntityManager, userId: string, { isDefault }: AddressEntry): Promise<void> {
  if (isDefault) await em.nativeUpdate(UserAddress, { userId, isDefault: true }, { isDefault: false });
}

const columns = (cipher: Cipher, id: string, { label, isDefault, address: { country, ...rest } }: AddressEntry) => ({
  label,
  isDefault,
  country,
  address: sealJson(cipher, rest, addressContext(id)),
});

function toSaved(cipher: Cipher, row: UserAddressRow): SavedAddress {
  const rest = openJson<Omit<Address, 'country'>>(cipher, row.address as Sealed, addressContext(row.id));
  const { id, label, country, isDefault, createdAt } = row;
  return { ...rest, id, label, country, isDefault, createdAt: createdAt.toISOString() };
}

const addressContext = (id: string): string => `user_addresses.address:${id}`;
