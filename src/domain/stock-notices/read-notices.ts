import type { EntityManager } from '@mikro-orm/postgresql';
import type { Cipher, Sealed } from '../kernel/cipher.js';
import { DomainError } from '../kernel/errors.js';
import { money, type Money } from '../kernel/money.js';
import { decodeIdCursor, page, type Page } from '../kernel/page.js';
import { emailContext, withdrawToken } from './address.js';
import type { StockNotice, Waiting } from './types.js';

const TABLES = `variants v join products p on p.id = v.product_id left join stock_levels s on s.variant_id = v.id`;
const AVAILABLE = `case when v.status = 'active' and p.status = 'published' then coalesce(s.on_hand - s.reserved, 0) else 0 end`;
const TITLE = `p.title || case when v.title = '' then '' else ' – ' || v.title end`;

/** What a customer waits for, newest first. */
export async function listNotices(
  em: EntityManager,
  userId: string,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<Page<StockNotice>> {
  const before = cursor === undefined ? null : decodeIdCursor(cursor);
  const rows = await em.execute<StockNotice[]>(
    `select n.id, n.variant_id as "variantId", v.sku, ${TITLE} as title, n.asked_at as "askedAt"
     from stock_notices n join variants v on v.id = n.variant_id join products p on p.id = v.product_id
     where n.user_id = ? and (?::uuid is null or n.id < ?::uuid) order by n.id desc limit ?`,
    [userId, before, before, limit + 1],
  );
  return page(
    rows,
    limit,
    (row) => ({ ...row }),
    (row) => [row.id],
  );
}

/** The first of those who wait, in the order they asked, and how many pieces there are for them. */
export async function findWaiting(
  em: EntityManager,
  { variantId, limit }: { readonly variantId: string; readonly limit: number },
): Promise<Waiting> {
  const [row] = await em.execute<Waiting[]>(
    `select ${AVAILABLE} as available, (
       select coalesce(json_agg(n.id order by n.asked_at, n.id), '[]') from (
         select id, asked_at from stock_notices where variant_id = v.id and state = 'open' order by asked_at, id limit ?
       ) n) as "noticeIds"
     from ${TABLES} where v.id = ?`,
    [limit, variantId],
  );
  return row === undefined ? { available: 0, noticeIds: [] } : { ...row };
}

/** Variants that somebody waits for though there is some, by id. */
export async function findWaitedFor(
  em: EntityManager,
  { limit, after }: { readonly limit: number; readonly after: string | null },
): Promise<string[]> {
  const rows = await em.execute<{ id: string }[]>(
    `select v.id from ${TABLES}
     where v.id in (select variant_id from stock_notices where state = 'open') and ${AVAILABLE} > 0
       and (?::uuid is null or v.id > ?::uuid)
     order by v.id limit ?`,
    [after, after, limit],
  );
  return rows.map((row) => row.id);
}

export interface AddressedNotice {
  readonly email: string;
  readonly withdrawToken: string;
  readonly slug: string;
  readonly title: string;
  /** As it is now. */
  readonly price: Money;
}

/**
 * Whom to tell, and what; null once the notice is closed.
 * @throws DomainError `out_of_stock` while there is none to buy
 */
export async function readAddressed(
  { em, cipher }: { readonly em: EntityManager; readonly cipher: Cipher },
  noticeId: string,
): Promise<AddressedNotice | null> {
  const [row] = await em.execute<
    {
      variantId: string;
      email: Sealed;
      slug: string;
      title: string;
      amount: number;
      currency: string;
      available: number;
    }[]
  >(
    `select n.variant_id as "variantId", n.email, p.slug, ${TITLE} as title, ${AVAILABLE} as available,
       p.price_amount + v.price_adjustment_amount as amount, p.currency
     from ${TABLES} join stock_notices n on n.variant_id = v.id where n.id = ? and n.state = 'open'`,
    [noticeId],
  );
  if (row === undefined) return null;
  const { variantId, email: sealed, slug, title, amount, currency, available } = row;
  if (available === 0) throw new DomainError('out_of_stock', 'not enough stock', { variantId, available });
  const email = cipher.open(sealed, emailContext(noticeId));
  return { email, withdrawToken: withdrawToken(cipher, email), slug, title, price: money(amount, currency) };
}
