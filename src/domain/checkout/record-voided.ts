import type { EntityManager } from '@mikro-orm/postgresql';
import { recordMovement, type Attempt } from '../payments/index.js';
import type { Money } from '../kernel/money.js';

/** What became of one attempt's money when its checkout was undone. */
export interface VoidedAttempt {
  readonly attempt: Attempt;
  readonly provider: string;
  readonly intentId: string | null;
  /** Where the money had been taken already and was paid back. */
  readonly refund: { readonly chargeId: string; readonly refundId: string; readonly amount: Money } | null;
}

/** Writes an undone payment to the attempt, the ledger and the checkout's steps. Idempotent. */
export async function recordVoided(em: EntityManager, voided: VoidedAttempt): Promise<void> {
  const { attempt, provider, intentId, refund } = voided;
  if (refund !== null && intentId !== null) {
    const movement = { checkoutId: attempt.checkoutId, provider, intentId, amount: refund.amount };
    await recordMovement(em, { ...movement, type: 'capture', reference: refund.chargeId });
    await recordMovement(em, { ...movement, type: 'refund', reference: refund.refundId });
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
