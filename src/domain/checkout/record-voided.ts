import type { EntityManager } from '@mikro-orm/postgresql';
import { notFound } from '../kernel/errors.js';
import type { Money } from '../kernel/money.js';
import { recordMovement, recordReversal, type FoundRefund } from '../payments/index.js';

/** Whose money goes back. */
export interface Undoing {
  readonly orderId: string;
  readonly provider: string;
  /** Of the frozen quote; null where none was frozen. */
  readonly total: Money | null;
  /** Nothing can begin for this checkout any more, and no order is paid with it. */
  readonly unpaid: boolean;
}

/** @throws DomainError `not_found` */
export async function readUndoing(em: EntityManager, checkoutId: string): Promise<Undoing> {
  const [row] = await em.execute<UndoingRow[]>(
    'select order_id, payment_provider, total_amount, currency, closing from checkouts where id = ?',
    [checkoutId],
  );
  if (row === undefined) throw notFound('checkout');
  return {
    orderId: row.order_id,
    provider: row.payment_provider,
    total: row.total_amount === null ? null : { amount: row.total_amount, currency: row.currency },
    unpaid: row.closing,
  };
}

interface UndoingRow {
  readonly order_id: string;
  readonly payment_provider: string;
  readonly total_amount: number | null;
  readonly currency: string;
  readonly closing: boolean;
}

export interface TakenMoney {
  readonly checkoutId: string;
  readonly provider: string;
  readonly intentId: string;
  readonly chargeId: string;
  readonly amount: Money;
}

/**
 * Money that was found taken and goes back: the ledger has it from now on, each refund once it is definite, and its reversal once it
 * came back. Idempotent.
 */
export async function recordTaken(
  em: EntityManager,
  { checkoutId, provider, intentId, chargeId, amount }: TakenMoney,
  refunds: readonly Pick<FoundRefund, 'reference' | 'amount' | 'status'>[],
): Promise<void> {
  await recordMovement(em, { checkoutId, provider, intentId, type: 'capture', reference: chargeId, amount });
  for (const { reference, amount: back, status } of refunds)
    if (status === 'succeeded')
      await recordMovement(em, { checkoutId, provider, intentId, type: 'refund', reference, amount: back });
    else if (status === 'failed') await recordReversal(em, { provider, reference });
}

/**
 * Writes an undone payment to its attempt and the checkout's steps. Idempotent.
 * @returns whether money had been secured with it
 */
export async function recordVoided(
  em: EntityManager,
  { attemptId, intentId }: { readonly attemptId: string; readonly intentId: string | null },
): Promise<boolean> {
  const rows = await em.execute<{ before: string | null }[]>(
    `with settled as (
       update payment_attempts
       set state = 'settled', outcome = 'voided', intent_id = coalesce(?, intent_id), settled_at = clock_timestamp()
       where id = ? and outcome is distinct from 'voided' returning checkout_id, new.intent_id, old.outcome as before
     ), told as (
       insert into checkout_steps (checkout_id, step, status)
       select checkout_id, 'payment_voided', 'closing' from settled where intent_id is not null
     )
     select before from settled`,
    [intentId, attemptId],
  );
  return rows.some(({ before }) => before === 'authorised' || before === 'captured');
}
