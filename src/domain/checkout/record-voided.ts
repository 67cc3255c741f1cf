import type { EntityManager } from '@mikro-orm/postgresql';
import { recordMovement, type Attempt } from '../payments/index.js';
import type { Money } from '../kernel/money.js';

/** What became of one attempt's money when its checkout was undone. */
export interface VoidedAttempt {
  readonly attempt: Attempt;
  readonly provider: string;
  readonly intentId: string | null;
  /** Where the money had been taken already and is paid back for sure. */
  readonly refund: { readonly refundId: string; readonly amount: Money } | null;
}

export interface TakenMoney {
  readonly attempt: Attempt;
  readonly provider: string;
  readonly intentId: string;
  readonly chargeId: string;
  readonly amount: Money;
}

/** Money that was found taken and goes back: the ledger has it from now on, the refund once it is definite. Idempotent. */
export async function recordTaken(em: EntityManager, taken: TakenMoney): Promise<void> {
  const { attempt, provider, intentId, chargeId, amount } = taken;
  const { checkoutId } = attempt;
  await recordMovement(em, { checkoutId, provider, intentId, type: 'capture', reference: chargeId, amount });
}

/** Writes an undone payment to the attempt, the ledger and the checkout's steps. Idempotent. */
export async function recordVoided(em: EntityManager, voided: VoidedAttempt): Promise<void> {
  const { attempt, provider, intentId, refund } = voided;
  if (refund !== null && intentId !== null) {
    const { refundId, amount } = refund;
    const { checkoutId } = attempt;
    await recordMovement(em, { checkoutId, provider, intentId, type: 'refund', reference: refundId, amount });
  }
  await em.execute(
    `with settled as (
       update payment_attempts
       set state = 'settled', outcome = 'voided', intent_id = coalesce(?, intent_id), settled_at = clock_timestamp()
       where id = ? and outcome is distinct from 'voided' returning checkout_id, intent_id
     )
     insert into checkout_steps (checkout_id, step, status)
     select checkout_id, 'payment_voided', 'closing' from settled where intent_id is not null`,
    [intentId, attempt.id],
    'run',
  );
}
