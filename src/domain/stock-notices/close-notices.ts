import type { EntityManager } from '@mikro-orm/postgresql';
import type { Cipher } from '../kernel/cipher.js';
import { notFound } from '../kernel/errors.js';
import { addressIndex } from './address.js';
import type { ClosedState } from './types.js';

const EXPIRE_BATCH = 1_000;

/** Closes open notices, for good, and forgets who asked. @returns how many this call closed */
async function close(
  em: EntityManager,
  state: ClosedState,
  which: string,
  values: readonly (string | number)[],
): Promise<number> {
  const closed = await em.execute<unknown[]>(
    `update stock_notices set state = ?, closed_at = now(), email = null, email_index = null, user_id = null
     where state = 'open' and ${which} returning id`,
    [state, ...values],
  );
  return closed.length;
}

/** Idempotent: one that is closed stays as it ended. */
export async function closeNotice(
  em: EntityManager,
  noticeId: string,
  state: Extract<ClosedState, 'told' | 'undeliverable' | 'withdrawn'>,
): Promise<void> {
  await close(em, state, 'id = ?', [noticeId]);
}

/** Withdraws all that the address of this token waits for; a token that nobody has withdraws nothing. */
export const withdrawNotices = (
  { em, cipher }: { readonly em: EntityManager; readonly cipher: Cipher },
  token: string,
): Promise<number> => close(em, 'withdrawn', 'email_index = ?', [addressIndex(cipher, token)]);

/** @throws DomainError `not_found`, also for somebody else's and for one that is closed */
export async function withdrawNotice(em: EntityManager, userId: string, noticeId: string): Promise<void> {
  if ((await close(em, 'withdrawn', 'id = ? and user_id = ?', [noticeId, userId])) === 0) throw notFound('notice');
}

/** Ends what nobody could be told for a year, so many at a time. @returns how many */
export const expireNotices = (em: EntityManager): Promise<number> =>
  close(
    em,
    'expired',
    `id in (select id from stock_notices where state = 'open' and asked_at < now() - interval '1 year' limit ?)`,
    [EXPIRE_BATCH],
  );
