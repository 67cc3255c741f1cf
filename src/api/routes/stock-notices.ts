import { z } from 'zod';
import type { Cipher } from '../../domain/kernel/cipher.js';
import { DomainError, notFound } from '../../domain/kernel/errors.js';
import { newId } from '../../domain/kernel/ids.js';
import type { Query, Transact } from '../../domain/kernel/transact.js';
import {
  askForNotice,
  listNotices,
  withdrawNotice,
  withdrawNotices,
  type StockNotice,
} from '../../domain/stock-notices/index.js';
import { assertUser, readAccount } from '../../domain/users/index.js';
import type { Caller } from '../../domain/users/types.js';
import { endpoint, type Endpoint } from '../endpoint.js';
import type { LimitGuesses } from '../limit-guesses.js';
import { addressOf } from '../middleware/address.js';
import { Id, pageInput } from '../openapi/schemas.js';
import { Email } from './users.js';

export interface StockNoticeRouteDeps {
  readonly transact: Transact;
  readonly query: Query;
  readonly cipher: Cipher;
  readonly limitGuesses: LimitGuesses;
}

const StockNoticeView = z
  .strictObject({
    id: Id,
    variant_id: Id,
    sku: z.string(),
    title: z.string(),
    asked_at: z.iso.datetime(),
  })
  .meta({ id: 'StockNotice' });

const presentNotice = (notice: StockNotice): z.input<typeof StockNoticeView> => ({
  id: notice.id,
  variant_id: notice.variantId,
  sku: notice.sku,
  title: notice.title,
  asked_at: notice.askedAt,
});

/** Those who wait for a variant: to ask, to see what one waits for, and to stop. */
export function createStockNoticeRoutes({ transact, query, cipher, limitGuesses }: StockNoticeRouteDeps): Endpoint[] {
  /** Where to; it belongs to an account only where it is that account's own address. */
  async function addressee(
    caller: Caller,
    email: string | undefined,
  ): Promise<{ readonly email: string; readonly userId: string | null; readonly confirmed: boolean }> {
    const own = caller.kind === 'user' ? await query((em) => readAccount(em, cipher, caller.userId)) : null;
    const confirmed = own?.emailVerified === true;
    if (email !== undefined) return { email, userId: own?.email === email ? own.id : null, confirmed };
    if (own !== null) return { email: own.email, userId: own.id, confirmed };
    if (caller.kind === 'user') throw notFound('user');
    throw new DomainError('validation_failed', 'the body is not valid', {}, [
      { field: 'email', message: 'is required of guests' },
    ]);
  }

  return [
    endpoint({
      method: 'post',
      path: '/variants/:id/stock-notices',
      operationId: 'askForStockNotice',
      summary:
        'Be told by mail, once, when a variant is back in stock; the answer is the same whoever has the address, and asked before',
      tag: 'catalogue',
      access: 'anyone',
      rateLimit: 'strict',
      params: z.strictObject({ id: Id }),
      body: z.strictObject({ email: Email.optional().describe("Guests must give it; a customer's is the account's") }),
      responses: { 202: z.strictObject({ status: z.literal('accepted') }) },
      idempotency: 'optional',
      refuses: ['in_stock'],
      async handle({ caller, params: { id: variantId }, body, claim, ctx }) {
        const to = await addressee(caller, body.email);
        await limitGuesses('notice', to.email, addressOf(ctx));
        await transact(async (em) => {
          const { resourceId: id, replayed } = await claim(em, newId());
          if (!replayed) await askForNotice({ em, cipher }, { id, variantId, ...to });
        });
        return { status: 202, body: { status: 'accepted' } };
      },
    }),
    endpoint({
      method: 'post',
      path: '/stock-notices/withdraw',
      operationId: 'withdrawStockNotices',
      summary: 'Withdraw all that the address of a mailed token waits for; the answer is the same for every token',
      tag: 'catalogue',
      access: 'open',
      rateLimit: 'strict',
      body: z.strictObject({ token: z.string().min(1).max(200) }),
      responses: { 204: null },
      refuses: [],
      async handle({ body: { token } }) {
        await transact((em) => withdrawNotices({ em, cipher }, token));
        return { status: 204 };
      },
    }),
    endpoint({
      method: 'get',
      path: '/users/me/stock-notices',
      operationId: 'listStockNotices',
      summary: 'What you wait for, newest first',
      tag: 'users',
      access: 'customer',
      query: z.strictObject(pageInput),
      responses: { 200: z.strictObject({ data: z.array(StockNoticeView), next_cursor: z.string().nullable() }) },
      async handle({ caller, query: input }) {
        assertUser(caller);
        const { data, nextCursor } = await query((em) => listNotices(em, caller.userId, input));
        return { status: 200, body: { data: data.map(presentNotice), next_cursor: nextCursor } };
      },
    }),
    endpoint({
      method: 'delete',
      path: '/users/me/stock-notices/:id',
      operationId: 'withdrawStockNotice',
      summary: 'Stop waiting for a variant',
      tag: 'users',
      access: 'customer',
      params: z.strictObject({ id: Id }),
      responses: { 204: null },
      async handle({ caller, params }) {
        assertUser(caller);
        await transact((em) => withdrawNotice(em, caller.userId, params.id));
        return { status: 204 };
      },
    }),
  ];
}
