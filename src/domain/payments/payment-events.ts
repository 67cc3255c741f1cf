import type { EntityManager } from '@mikro-orm/postgresql';
import { isId } from '../kernel/ids.js';
import type { PaymentEvent } from './types.js';

/** Where a stored event must go. */
export interface StoredEvent {
  readonly checkoutId: string | null;
  /**
   * `wake`: its flow waits for it. `recheck`: its checkout ends or ended unpaid, so money may have to go back.
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
  const checkoutId = await lockAttemptOf(em, event);
  // After the lock, in a statement of its own: what the lock waited for is seen.
  const [row] = await em.execute<{ handled_at: string | null; status: string | null; closing: boolean | null }[]>(
    `with stored as (
       insert into payment_events (id, provider, type, intent_id, checkout_id, outcome, amount, currency, created_at)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?)
       on conflict (id) do update set checkout_id = coalesce(payment_events.checkout_id, excluded.checkout_id)
       returning handled_at
     )
     select s.handled_at, k.status, k.closing from stored s left join checkouts k on k.id = ?`,
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
      checkoutId,
    ],
  );
  if (checkoutId === null || row?.handled_at != null || event.outcome === null) return { checkoutId, next: 'none' };
  // From its closing on: the undo may have looked for strays before this event was stored.
  if (row?.closing === true) return { checkoutId, next: PAID.has(event.outcome.kind) ? 'recheck' : 'none' };
  return { checkoutId, next: row?.status === 'requires_action' ? 'wake' : 'none' };
}

/** Locks the attempt that an event speaks of. Null: none of ours, as with another shop's on the same account. */
async function lockAttemptOf(em: EntityManager, { checkoutId, intentId }: PaymentEvent): Promise<string | null> {
  const [attempt] = await em.execute<{ checkout_id: string }[]>(
    `select checkout_id from payment_attempts
     where step = 'authorise' and state <> 'tombstoned' and (checkout_id = ?::uuid or intent_id = ?)
     order by attempt desc limit 1 for update`,
    [checkoutId !== null && isId(checkoutId) ? checkoutId : null, intentId],
  );
  return attempt?.checkout_id ?? null;
}

/** Intents with money, by their events, that no attempt of the checkout knows: a call was answered too late. */
export async function strayIntents(em: EntityManager, checkoutId: string): Promise<string[]> {
  const rows = await em.execute<{ intent_id: string }[]>(
    `select distinct e.intent_id from payment_events e
     where e.checkout_id = ? and e.outcome in ('authorised', 'captured') and e.intent_id is not null
       and not exists (select from payment_attempts a where a.checkout_id = e.checkout_id and a.intent_id = e.intent_id)`,
    [checkoutId],
  );
  return rows.map((row) => row.intent_id);
}

/** Marks an event as dealt with, so that a repeat of its delivery does nothing. */
export async function markEventHandled(em: EntityManager, eventId: string): Promise<void> {
  await em.execute(
    'update payment_events set handled_at = now() where id = ? and handled_at is null',
    [eventId],
    'run',
  );
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
