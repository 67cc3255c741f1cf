import type { EntityManager } from '@mikro-orm/postgresql';
import { recordMovement } from './ledger.js';

/** The money for an order on delivery came in with it: payment and ledger say so. Idempotent; of any other payment nothing. */
export async function collectDue(em: EntityManager, orderId: string): Promise<void> {
  const [paid] = await em.execute<PaidRow[]>(
    `update payments set status = 'captured', captured_amount = amount, charge_id = intent_id, updated_at = now()
     where order_id = ? and status = 'due' returning checkout_id, provider, intent_id, amount, currency`,
    [orderId],
  );
  if (paid === undefined || paid.amount === 0) return;
  await recordMovement(em, {
    checkoutId: paid.checkout_id,
    provider: paid.provider,
    intentId: paid.intent_id,
    type: 'capture',
    reference: paid.intent_id,
    amount: { amount: paid.amount, currency: paid.currency },
  });
}

interface PaidRow {
  readonly checkout_id: string;
  readonly provider: string;
  readonly intent_id: string;
  readonly amount: number;
  readonly currency: string;
}
