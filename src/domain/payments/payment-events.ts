import type { EntityManager } from '@mikro-orm/postgresql';
import type { PaymentEvent } from './types.js';

/** Where a stored event must go. */
export interface StoredEvent {
  readonly checkoutId: string | null;
  /**
   * `wake`: its flow waits for it. `recheck`: its checkout ended unpaid, so money may have to go back.
   * `none`: the flow reads it by itself, or nothing depends on it.
   */
  readonly next: 'wake' | 'recheck' | 'none';
}

/** Kinds that say money is held or taken. */
const PAID: ReadonlySet<string> = new Set(['authorised', 'captured']);

/**
 * Stores a provider's event once, under the lock of the attempt it speaks of: a checkout that starts to
 * wait reads stored events under the same lock, so none falls between. A repeat of one that was not
 * handled is routed again.
 */
export async function storePaymentEvent(em: EntityManager, event: PaymentEvent): Promise<StoredEvent> {
  const [attempt] = await em.execute<{ checkout_id: string; status: string; closed_at: string | null }[]>(
    `select a.checkout_id, k.status, k.closed_at
     from payment_attempts a join checkouts k on k.id = a.checkout_id
     where a.step = 'authorise' and a.state <> 'tombstoned'
       and (a.checkout_id = ? or (?::text is not null and a.intent_id = ?))
     order by a.attempt desc limit 1 for update of a`,
    [event.checkoutId, event.intentId, event.intentId],
  );
  const checkoutId = attempt?.checkout_id ?? null;
  const [row] = await em.execute<{ handled_at: string | null }[]>(
    `insert into payment_events (id, provider, type, intent_id, checkout_id, outcome, amount, currency, created_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?)
     on conflict (id) do update set provider = excluded.provider
     returning handled_at`,
    [
      event.id,
      event.provider,
      event.type,
      event.intentId,
      checkoutId,
      event.outcome?.kind ?? null,
      event.amount?.amount ?? null,
      event.amount?.currency ?? null,
      event.createdAt,
    ],
  );
  if (attempt === undefined || row?.handled_at != null || event.outcome === null) return { checkoutId, next: 'none' };
  if (attempt.status === 'requires_action') return { checkoutId, next: 'wake' };
  const endedUnpaid = attempt.closed_at !== null && attempt.status !== 'placed';
  return { checkoutId, next: endedUnpaid && PAID.has(event.outcome.kind) ? 'recheck' : 'none' };
}

/** Marks an event as dealt with, so that a repeat of its delivery does nothing. */
export async function markEventHandled(em: EntityManager, eventId: string): Promise<void> {
  await em.execute('update payment_events set handled_at = now() where id = ? and handled_at is null', [eventId], 'run');
}

export async function findEventCheckout(em: EntityManager, eventId: string): Promise<string | null> {
  const [row] = await em.execute<{ checkout_id: string | null }[]>(
    'select checkout_id from payment_events where id = ?',
    [eventId],
  );
  return row?.checkout_id ?? null;
}

/** True when something was said of this checkout's payment already; call it under the attempt's lock. */
export async function hasStoredEvents(em: EntityManager, checkoutId: string): Promise<boolean> {
  const [row] = await em.execute<{ found: boolean }[]>(
    `select exists (
       select from payment_events where checkout_id = ? and outcome in ('authorised', 'captured', 'declined', 'processing')
     ) as found`,
    [checkoutId],
  );
  return row?.found === true;
}
