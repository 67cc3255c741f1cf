import type { EntityManager } from '@mikro-orm/postgresql';

/** SQL: what others have to do with the intent `i (id)` that a provider names for the checkout `k`, as `claimsOf` reads it. */
export const CLAIMS = `
  exists (select from payments p where p.provider = k.payment_provider and p.intent_id = i.id and p.checkout_id <> k.id) as paid,
  (select bool_or(o.closed_at is null and not o.closing) from payment_attempts a join checkouts o on o.id = a.checkout_id
    where a.intent_id = i.id and a.checkout_id <> k.id) as open`;

export interface ClaimsRow {
  /** Another order is paid with it. */
  readonly paid: boolean;
  /** Whether another checkout whose attempt knows it is still open; null: no other knows it. */
  readonly open: boolean | null;
}

export interface Claims {
  /** Another order is paid with it, or another checkout's attempt knows it. */
  readonly made: boolean;
  /** Another order is paid with it, or another checkout that is still open may be: its money is not ours to give back. */
  readonly kept: boolean;
}

export function claimsOf({ paid, open }: ClaimsRow): Claims {
  return { made: paid || open !== null, kept: paid || open === true };
}

/** Who else has a claim on an intent that the provider named for this checkout. */
export async function claimsOfOthers(em: EntityManager, checkoutId: string, intentId: string): Promise<Claims> {
  const [row] = await em.execute<ClaimsRow[]>(
    `select ${CLAIMS} from checkouts k, (values (?::text)) i (id) where k.id = ?`,
    [intentId, checkoutId],
  );
  return claimsOf(row ?? { paid: false, open: null });
}
