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
