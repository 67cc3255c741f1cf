import type { EntityManager } from '@mikro-orm/postgresql';
import { newId } from '../kernel/ids.js';
import type { Money } from '../kernel/money.js';

interface LedgerEntry {
  readonly checkoutId: string;
  readonly provider: string;
  readonly intentId: string;
  readonly type: 'capture' | 'refund';
  /** The provider's charge or refund id: one movement, one row. */
  readonly reference: string;
  readonly amount: Money;
}

/** SQL that appends a movement of money once, and answers no row when it stood there already. Parameters: `movementOf`. */
export const MOVEMENT = `
  insert into payment_ledger (id, checkout_id, provider, intent_id, type, reference, amount, currency)
  values (?, ?, ?, ?, ?, ?, ?, ?)
  on conflict (provider, type, reference) do nothing returning id`;

export const movementOf = (entry: LedgerEntry): (string | number)[] => [
  newId(),
  entry.checkoutId,
  entry.provider,
  entry.intentId,
  entry.type,
  entry.reference,
  entry.amount.amount,
  entry.amount.currency,
];

/** Appends a movement of money once. @returns false when it stood there already */
export async function recordMovement(em: EntityManager, entry: LedgerEntry): Promise<boolean> {
  return (await em.execute<unknown[]>(MOVEMENT, movementOf(entry))).length > 0;
}

/** Takes a refund out of the books that came back from the bank, once. Harmless for one that was never booked. */
export async function recordReversal(
  em: EntityManager,
  { provider, reference }: Pick<LedgerEntry, 'provider' | 'reference'>,
): Promise<void> {
  await em.execute(
    `insert into payment_ledger (id, checkout_id, provider, intent_id, type, reference, amount, currency)
     select ?, checkout_id, provider, intent_id, 'refund_reversal', reference, amount, currency
     from payment_ledger where provider = ? and type = 'refund' and reference = ?
     on conflict (provider, type, reference) do nothing`,
    [newId(), provider, reference],
    'run',
  );
}

/** Money that was booked as taken without an order, once it is done with. */
interface ReturnedMoney {
  readonly checkoutId: string;
  /** Null: no attempt of ours knows the intent. */
  readonly attemptId: string | null;
  readonly key: string | null;
}

/** Null for an order's payment, for one that nobody booked, and while a checkout may still pay with it or is being undone. */
export async function findReturned(
  em: EntityManager,
  { provider, intentId }: { readonly provider: string; readonly intentId: string },
): Promise<ReturnedMoney | null> {
  const [row] = await em.execute<ReturnedMoney[]>(
    `select l.checkout_id as "checkoutId", a.id as "attemptId", a.key
     from payment_ledger l
     left join payment_attempts a on a.checkout_id = l.checkout_id and a.intent_id = l.intent_id and a.step = 'authorise'
     where l.provider = ? and l.intent_id = ? and l.type = 'capture'
       and not exists (select from payment_attempts o where o.intent_id = l.intent_id and o.outcome is distinct from 'voided')
       and not exists (select from payments p where p.provider = l.provider and p.intent_id = l.intent_id)
     limit 1`,
    [provider, intentId],
  );
  return row ?? null;
}
