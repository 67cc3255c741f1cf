import type { EntityManager } from '@mikro-orm/postgresql';
import { notFound } from '../kernel/errors.js';
import type { Checkout, CheckoutState, CheckoutStep } from './types.js';

/**
 * A checkout with its steps and its payment's intent, in one statement.
 * @throws DomainError `not_found`
 */
export async function readCheckout(em: EntityManager, checkoutId: string): Promise<Checkout> {
  const [row] = await em.execute<CheckoutRow[]>(
    `select k.id, k.cart_id, k.order_id, k.user_id, c.token_hash, k.status, k.closing, k.body_hash, k.payment_provider,
       k.failure_code, k.failure_data, k.expires_at,
       (k.closing or k.status <> 'requires_action') and k.updated_at < now() - interval '25 seconds' as stalled, k.created_at, k.closed_at,
       (select a.intent_id from payment_attempts a
         where a.checkout_id = k.id and a.step = 'authorise' order by a.attempt desc limit 1) as intent_id,
       (select coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'step', s.step, 'at', s.at) order by s.id), '[]')
         from checkout_steps s where s.checkout_id = k.id) as steps
     from checkouts k join carts c on c.id = k.cart_id where k.id = ?`,
    [checkoutId],
  );
  if (row === undefined) throw notFound('checkout');
  return {
    id: row.id,
    cartId: row.cart_id,
    orderId: row.order_id,
    userId: row.user_id,
    cartTokenHash: row.token_hash,
    state: row.status,
    closing: row.closing,
    stalled: row.stalled,
    bodyHash: row.body_hash,
    provider: row.payment_provider,
    intentId: row.intent_id,
    failure: row.failure_code === null ? null : { code: row.failure_code, data: row.failure_data },
    expiresAt: row.expires_at,
    createdAt: row.created_at,
    closedAt: row.closed_at,
    steps: row.steps.map((step) => ({ ...step, at: new Date(step.at).toISOString() })),
  };
}

/** Steps after `afterId`, for the progress stream, with the state they led to. */
export async function readProgress(
  em: EntityManager,
  checkoutId: string,
  afterId: number,
): Promise<{ readonly state: CheckoutState; readonly steps: readonly CheckoutStep[] }> {
  const [row] = await em.execute<{ status: CheckoutState; steps: CheckoutStep[] }[]>(
    `select k.status,
       (select coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'step', s.step, 'at', s.at) order by s.id), '[]')
         from checkout_steps s where s.checkout_id = k.id and s.id > ?) as steps
     from checkouts k where k.id = ?`,
    [afterId, checkoutId],
  );
  if (row === undefined) throw notFound('checkout');
  return { state: row.status, steps: row.steps.map((step) => ({ ...step, at: new Date(step.at).toISOString() })) };
}

interface CheckoutRow {
  readonly id: string;
  readonly cart_id: string;
  readonly order_id: string;
  readonly user_id: string | null;
  readonly token_hash: string | null;
  readonly status: CheckoutState;
  readonly closing: boolean;
  readonly stalled: boolean;
  readonly body_hash: string;
  readonly payment_provider: string;
  readonly failure_code: string | null;
  readonly failure_data: Record<string, unknown>;
  readonly expires_at: string | null;
  readonly created_at: string;
  readonly closed_at: string | null;
  readonly intent_id: string | null;
  readonly steps: CheckoutStep[];
}
