import type { EntityManager } from '@mikro-orm/postgresql';

export interface Claims {
  /** Another order is paid with it, or another checkout's attempt knows it. */
  readonly made: boolean;
  /** Another order is paid with it, or another checkout that is still open may be: its money is not ours to give back. */
  readonly kept: boolean;
}

/** Who else has a claim on the intent that a provider names for a checkout. */
export async function claimsOfOthers(
  em: EntityManager,
  {
    checkoutId,
    provider,
    intentId,
  }: { readonly checkoutId: string; readonly provider: string; readonly intentId: string },
): Promise<Claims> {
  const [row] = await em.execute<{ paid: boolean; open: boolean | null }[]>(
    `select exists (select from payments where provider = ? and intent_id = ? and checkout_id <> ?) as paid,
       (select bool_or(k.closed_at is null and not k.closing) from payment_attempts a join checkouts k on k.id = a.checkout_id
         where a.intent_id = ? and a.checkout_id <> ?) as open`,
    [provider, intentId, checkoutId, intentId, checkoutId],
  );
  const { paid = false, open = null } = row ?? {};
  return { made: paid || open !== null, kept: paid || open === true };
}
