import type { EntityManager } from '@mikro-orm/postgresql';
import type { Cipher } from '../kernel/cipher.js';
import { DomainError, notFound } from '../kernel/errors.js';
import { addressIndex, emailContext, withdrawToken } from './address.js';

export interface NoticeRequest {
  readonly id: string;
  readonly variantId: string;
  /** In lower case. */
  readonly email: string;
  /** Whose account has this address; null for guests, and for an address that is not the caller's own. */
  readonly userId: string | null;
  /** Whether that account has confirmed it: only then is it shown what a guest asked with it before, as anybody can enter another's. */
  readonly confirmed?: boolean;
}

/**
 * Writes down that an address wants to know when a variant is back. Asked again while it waits, it keeps its place.
 * @throws DomainError `not_found` when it is not on sale, `in_stock` while it can be bought
 */
export async function askForNotice(
  { em, cipher }: { readonly em: EntityManager; readonly cipher: Cipher },
  { id, variantId, email, userId, confirmed = false }: NoticeRequest,
): Promise<void> {
  const [variant] = await em.execute<{ available: number }[]>(
    `select coalesce(s.on_hand - s.reserved, 0) as available
     from variants v join products p on p.id = v.product_id left join stock_levels s on s.variant_id = v.id
     where v.id = ? and v.status = 'active' and p.status = 'published'`,
    [variantId],
  );
  if (variant === undefined) throw notFound('variant');
  // Looked at again under a lock, and only where nobody buys: who brings stock meanwhile sees this notice, or is seen here.
  if (variant.available > 0 || (await lockedAvailable(em, variantId)) > 0)
    throw new DomainError('in_stock', 'this can be bought now', { variantId });
  await em.execute(
    `insert into stock_notices as n (id, variant_id, user_id, email, email_index) values (?, ?, ?, ?, ?)
     on conflict (variant_id, email_index) where state = 'open'
       do update set user_id = excluded.user_id where n.user_id is null and excluded.user_id is not null and ?::boolean`,
    [
      id,
      variantId,
      userId,
      cipher.seal(email, emailContext(id)),
      addressIndex(cipher, withdrawToken(cipher, email)),
      confirmed,
    ],
    'run',
  );
}

async function lockedAvailable(em: EntityManager, variantId: string): Promise<number> {
  const [level] = await em.execute<{ available: number }[]>(
    'select on_hand - reserved as available from stock_levels where variant_id = ? for share',
    [variantId],
  );
  return level?.available ?? 0;
}
