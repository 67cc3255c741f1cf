import { z } from 'zod';
import { newId } from '../../domain/kernel/ids.js';
import { DomainError, notFound } from '../../domain/kernel/errors.js';
import type { Cipher } from '../../domain/kernel/cipher.js';
import type { Query, Transact } from '../../domain/kernel/transact.js';
import {
  addAddress,
  assertUser,
  changeProfile,
  checkPassword,
  isCountry,
  isPhone,
  isUsername,
  listAddresses,
  normaliseUsername,
  readAccount,
  readAddress,
  readCredentials,
  removeAddress,
  replaceAddress,
  type Account,
  type AddressEntry,
  type Credentials,
  type PasswordHasher,
  type SavedAddress,
} from '../../domain/users/index.js';
import { endpoint, type Endpoint } from '../endpoint.js';
import type { LimitGuesses } from '../limit-guesses.js';
import { addressOf } from '../middleware/address.js';

export interface UserRouteDeps {
  readonly transact: Transact;
  readonly query: Query;
  readonly cipher: Cipher;
  readonly passwords: PasswordHasher;
  readonly limitGuesses: LimitGuesses;
}

export const Email = z.email().max(254).toLowerCase().describe('Compared in lower case.');
export const Username = z.string().max(64).overwrite(normaliseUsername).refine(isUsername, {
  message: 'must be 3 to 32 letters, digits, ".", "_" or "-", beginning with a letter or digit',
});
export const PersonName = z.string().trim().min(1).max(100);
export const Phone = z.string().refine(isPhone, { message: 'must be in international form, such as +4915112345678' });
const Country = z.string().refine(isCountry, { message: 'must be an ISO 3166-1 alpha-2 code' });
const Text = z.string().trim().min(1).max(200);

export const UserView = z.strictObject({
  id: z.uuid(),
  email: z.string(),
  username: z.string(),
  first_name: z.string().nullable(),
  last_name: z.string().nullable(),
  phone: z.string().nullable(),
  email_verified: z.boolean(),
  roles: z.array(z.string()),
  tier: z.string().nullable(),
  created_at: z.iso.datetime(),
});

export const presentUser = (account: Account): z.input<typeof UserView> => ({
  id: account.id,
  email: account.email,
  username: account.username,
  first_name: account.firstName,
  last_name: account.lastName,
  phone: account.phone,
  email_verified: account.emailVerified,
  roles: [...account.roles],
  tier: account.tier,
  created_at: account.createdAt,
});

const ProfileBody = z.strictObject({
  email: Email.optional(),
  /** Only with another e-mail address. */
  current_password: z.string().min(1).max(1_024).optional(),
  username: Username.optional(),
  first_name: PersonName.nullable().optional(),
  last_name: PersonName.nullable().optional(),
  phone: Phone.nullable().optional(),
});

const addressFields = {
  name: Text,
  line1: Text,
  line2: Text.optional(),
  city: Text,
  region: Text.optional(),
  postal_code: z.string().trim().max(20).default('').describe('Empty where a country has none.'),
  country: Country,
};
const AddressBody = z.strictObject({
  label: z.string().trim().max(50).default(''),
  is_default: z.boolean().default(false),
  ...addressFields,
});
const AddressView = z.strictObject({
  id: z.uuid(),
  label: z.string(),
  is_default: z.boolean(),
  name: z.string(),
  line1: z.string(),
  line2: z.string().optional(),
  city: z.string(),
  region: z.string().optional(),
  postal_code: z.string(),
  country: z.string(),
  created_at: z.iso.datetime(),
});
const AddressId = z.strictObject({ id: z.uuid() });

const presentAddress = ({
  id,
  label,
  isDefault,
  postalCode,
  createdAt,
  ...rest
}: SavedAddress): z.input<typeof AddressView> => ({
  id,
  label,
  is_default: isDefault,
  name: rest.name,
  line1: rest.line1,
  ...(rest.line2 === undefined ? {} : { line2: rest.line2 }),
  city: rest.city,
  ...(rest.region === undefined ? {} : { region: rest.region }),
  postal_code: postalCode,
  country: rest.country,
  created_at: createdAt,
});

const toEntry = ({ label, is_default, postal_code, ...address }: z.output<typeof AddressBody>): AddressEntry => ({
  label,
  isDefault: is_default,
  address: { ...address, postalCode: postal_code },
});

export function createUserRoutes({ transact, query, cipher, passwords, limitGuesses }: UserRouteDeps): Endpoint[] {
  async function account(userId: string): Promise<Account> {
    const found = await query((em) => readAccount(em, cipher, userId));
    if (found === null) throw notFound('user');
    return found;
  }

  /** Null where the change needs no password. */
  async function checkForEmailChange(
    userId: string,
    body: z.output<typeof ProfileBody>,
    address: string,
  ): Promise<Credentials | null> {
    if (body.email === undefined) return null;
    const credentials = await query((em) => readCredentials(em, userId));
    if (credentials?.email === body.email) return null;
    if (body.current_password === undefined)
      throw new DomainError('validation_failed', 'another e-mail address needs the password', {}, [
        { field: 'current_password', message: 'is required to change the e-mail address' },
      ]);
    // Counted when it is right, too: each change is a mail, and tells whether somebody has the address.
    await limitGuesses('password', userId, address);
    const checked = await checkPassword(passwords, credentials, body.current_password);
    await limitGuesses('mail', body.email, address);
    return checked;
  }

  return [
    endpoint({
      method: 'get',
      path: '/users/me',
      operationId: 'getMe',
      summary: 'The profile of who is logged in',
      tag: 'users',
      access: 'customer',
      responses: { 200: UserView },
      async handle({ caller }) {
        assertUser(caller);
        return { status: 200, body: presentUser(await account(caller.userId)) };
      },
    }),
    endpoint({
      method: 'patch',
      path: '/users/me',
      operationId: 'changeMe',
      summary: 'Change the profile; another e-mail address needs the current password and is confirmed by mail',
      tag: 'users',
      access: 'customer',
      body: ProfileBody,
      responses: { 200: UserView },
      refuses: ['bad_credentials', 'email_taken', 'username_taken', 'not_found'],
      async handle({ caller, body, ctx, requestId }) {
        assertUser(caller);
        const checked = await checkForEmailChange(caller.userId, body, addressOf(ctx));
        const { email, username, first_name: firstName, last_name: lastName, phone } = body;
        const change = { email, username, firstName, lastName, phone };
        await transact((em) => changeProfile({ em, cipher }, caller.userId, change, { checked, requestId }));
        return { status: 200, body: presentUser(await account(caller.userId)) };
      },
    }),
    endpoint({
      method: 'get',
      path: '/users/me/addresses',
      operationId: 'listAddresses',
      summary: 'Saved addresses, the default first; at most 50, all on one page',
      tag: 'users',
      access: 'customer',
      responses: { 200: z.strictObject({ data: z.array(AddressView), next_cursor: z.null() }) },
      async handle({ caller }) {
        assertUser(caller);
        const addresses = await query((em) => listAddresses({ em, cipher }, caller.userId));
        return { status: 200, body: { data: addresses.map(presentAddress), next_cursor: null } };
      },
    }),
    endpoint({
      method: 'post',
      path: '/users/me/addresses',
      operationId: 'addAddress',
      summary: 'Save an address',
      tag: 'users',
      access: 'customer',
      body: AddressBody,
      responses: { 201: AddressView },
      idempotency: 'optional',
      refuses: ['conflict', 'not_found'],
      async handle({ caller, body, claim }) {
        assertUser(caller);
        const id = await transact(async (em) => {
          const { resourceId, replayed } = await claim(em, newId());
          if (!replayed) await addAddress({ em, cipher }, caller.userId, resourceId, toEntry(body));
          return resourceId;
        });
        const saved = await query((em) => readAddress({ em, cipher }, caller.userId, id));
        return { status: 201, body: presentAddress(saved), headers: { Location: `/api/v1/users/me/addresses/${id}` } };
      },
    }),
    endpoint({
      method: 'get',
      path: '/users/me/addresses/:id',
      operationId: 'getAddress',
      summary: 'One saved address',
      tag: 'users',
      access: 'customer',
      params: AddressId,
      responses: { 200: AddressView },
      async handle({ caller, params }) {
        assertUser(caller);
        const saved = await query((em) => readAddress({ em, cipher }, caller.userId, params.id));
        return { status: 200, body: presentAddress(saved) };
      },
    }),
    endpoint({
      method: 'put',
      path: '/users/me/addresses/:id',
      operationId: 'replaceAddress',
      summary: 'Replace a saved address',
      tag: 'users',
      access: 'customer',
      params: AddressId,
      body: AddressBody,
      responses: { 200: AddressView },
      async handle({ caller, params, body }) {
        assertUser(caller);
        await transact((em) => replaceAddress({ em, cipher }, caller.userId, params.id, toEntry(body)));
        const saved = await query((em) => readAddress({ em, cipher }, caller.userId, params.id));
        return { status: 200, body: presentAddress(saved) };
      },
    }),
    endpoint({
      method: 'delete',
      path: '/users/me/addresses/:id',
      operationId: 'removeAddress',
      summary: 'Forget a saved address',
      tag: 'users',
      access: 'customer',
      params: AddressId,
      responses: { 204: null },
      async handle({ caller, params }) {
        assertUser(caller);
        await transact((em) => removeAddress(em, caller.userId, params.id));
        return { status: 204 };
      },
    }),
  ];
}
