import { z } from 'zod';
import type { Cipher } from '../../../domain/kernel/cipher.js';
import { DomainError, notFound } from '../../../domain/kernel/errors.js';
import { isId } from '../../../domain/kernel/ids.js';
import { decodeCursor, page } from '../../../domain/kernel/page.js';
import type { Query, Transact } from '../../../domain/kernel/transact.js';
import {
  administerUser,
  assertMay,
  listUsers,
  readAccount,
  ROLES,
  type Account,
  type SessionCache,
} from '../../../domain/users/index.js';
import { endpoint, type Endpoint } from '../../endpoint.js';
import { pageInput } from '../../openapi/schemas.js';
import { Email, presentUser, UserView } from '../users.js';

export interface AdminUserRouteDeps {
  readonly transact: Transact;
  readonly query: Query;
  readonly cipher: Cipher;
  readonly sessionCache: SessionCache;
}

const AdminUserView = UserView.extend({ disabled: z.boolean(), vendor_id: z.uuid().nullable() });
const presentForAdmin = (account: Account): z.input<typeof AdminUserView> => ({
  ...presentUser(account),
  disabled: account.disabled,
  vendor_id: account.vendorId,
});

const UserId = z.strictObject({ id: z.uuid() });
const ListInput = z.strictObject({
  email: Email.optional().describe('Exactly this one'),
  ...pageInput,
});
const ChangeBody = z.strictObject({
  roles: z.array(z.enum(ROLES)).min(1).max(ROLES.length).optional(),
  vendor_id: z.uuid().nullable().optional().describe('Whose products the role `vendor` is about; that role needs one'),
  disabled: z.boolean().optional(),
  tier: z.string().max(50).nullable().optional(),
});

/** Users as the shop's people see and change them. */
export function createAdminUserRoutes({ transact, query, cipher, sessionCache }: AdminUserRouteDeps): Endpoint[] {
  async function account(id: string): Promise<Account> {
    const found = await query((em) => readAccount(em, cipher, id));
    if (found === null) throw notFound('user');
    return found;
  }

  return [
    endpoint({
      method: 'get',
      path: '/admin/users',
      operationId: 'adminListUsers',
      summary: 'Users, newest first',
      tag: 'admin',
      access: { permission: 'users:read' },
      query: ListInput,
      responses: { 200: z.strictObject({ data: z.array(AdminUserView), next_cursor: z.string().nullable() }) },
      async handle({ query: { email = null, limit, cursor } }) {
        const [before = null] = cursor === undefined ? [] : decodeCursor(cursor, 1);
        if (before !== null && (typeof before !== 'string' || !isId(before)))
          throw new DomainError('validation_failed', 'the cursor is not one of ours');
        const rows = await query((em) => listUsers({ em, cipher }, { limit: limit + 1, before, email }));
        const { data, nextCursor } = page(rows, limit, presentForAdmin, (row) => [row.id]);
        return { status: 200, body: { data, next_cursor: nextCursor } };
      },
    }),
    endpoint({
      method: 'get',
      path: '/admin/users/:id',
      operationId: 'adminGetUser',
      summary: 'One user',
      tag: 'admin',
      access: { permission: 'users:read' },
      params: UserId,
      responses: { 200: AdminUserView },
      handle: async ({ params }) => ({ status: 200, body: presentForAdmin(await account(params.id)) }),
    }),
    endpoint({
      method: 'patch',
      path: '/admin/users/:id',
      operationId: 'adminChangeUser',
      summary: 'Change roles, vendor or tier, disable or enable; holds from the next request on',
      tag: 'admin',
      access: { permission: 'users:write' },
      params: UserId,
      body: ChangeBody,
      responses: { 200: AdminUserView },
      refuses: ['conflict'],
      async handle({ caller, params, body, requestId }) {
        assertMay(caller, 'users:write');
        const by = { type: 'user', id: caller.userId, requestId } as const;
        const { vendor_id: vendorId, ...change } = body;
        const touched = await transact((em) => administerUser(em, by, params.id, { ...change, vendorId }));
        await sessionCache.forget(touched);
        return { status: 200, body: presentForAdmin(await account(params.id)) };
      },
    }),
  ];
}
