import type { EntityManager } from '@mikro-orm/postgresql';
import { newId } from '../kernel/ids.js';
import type { Money } from '../kernel/money.js';

export interface LedgerEntry {
  readonly checkoutId: string;
  readonly provider: string;
  readonly intentId: string;
  /** `refund_reversal`: a refund that was booked came back from the bank. */
  readonly type: 'capture' | 'refund' | 'refund_reversal';
  /** The provider's charge or refund id: one movement, one row. */
  readonly reference: string;
  readonly amount: Money;
}

/** Appends a movement of money once. @returns false when it stood there already */
export async function recordMovement(em: EntityManager, entry: LedgerEntry): Promise<boolean> {
  const rows = await em.execute<unknown[]>(
    `insert into payment_ledger (id, checkout_id, provider, intent_id, type, reference, amount, currency)
     values (?, ?, ?, ?, ?, ?, ?, ?)
     on conflict (provider, type, reference) do nothing returning id`,
    [
      newId(),
      entry.checkoutId,
      entry.provider,
      entry.intentId,
      entry.type,
      entry.reference,
      entry.amount.amount,
      entry.amount.currency,
    ],
  );
  return rows.length > 0;
}
