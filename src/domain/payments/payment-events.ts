import type { EntityManager } from '@mikro-orm/postgresql';
import { isId } from '../kernel/ids.js';
import { prepared } from '../kernel/prepared.js';
import type { PaymentEvent } from './types.js';

/** Where a stored event must go. */
export interface StoredEvent {
  readonly checkoutId: string | null;
  /**
   * `wake`: its flow waits for it. `recheck`: money that no order is paid with, so it may have to go back: its checkout
   * ends or ended unpaid, or pays with another intent.
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
  const { checkoutId, intentId } = await lockAttemptOf(em, event);
  // After the lock, in a statement of its own: what the lock waited for is seen.
  const [row] = await em.execute<StoredRow[]>(
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
  const paid = PAID.has(event.outcome.kind);
  // From its closing on: the undo may have looked for strays before this event was stored.
  if (row?.closing === true) return { checkoutId, next: paid ? 'recheck' : 'none' };
  // An attempt that does not know its intent yet may be about to learn this one.
  if (paid && intentId !== null && event.intentId !== intentId) return { checkoutId, next: 'recheck' };
  return { checkoutId, next: row?.status === 'requires_action' ? 'wake' : 'none' };
}

/**
 * Stores an event that says nothing of money held, taken or refused, once and in one statement; answers the checkout it speaks of, also
 * where no attempt knows the intent and the ledger does. No flow waits for such a one, so it takes no lock.
 */
export async function notePaymentEvent(em: EntityManager, event: PaymentEvent): Promise<string | null> {
  const [row] = await em.execute<{ checkout_id: string | null }[]>(
    prepared(`insert into payment_events (id, provider, type, intent_id, amount, currency, created_at, checkout_id)
       values (?, ?, ?, ?, ?, ?, ?, coalesce((${attempt('checkout_id')}),
         (select checkout_id from payment_ledger where intent_id = ? and provider = ? limit 1)))
       on conflict (id) do update set checkout_id = coalesce(payment_events.checkout_id, excluded.checkout_id)
       returning checkout_id`),
    [
      event.id,
      event.provider,
      event.type,
      event.intentId,
      event.amount?.amount ?? null,
      event.amount?.currency ?? null,
      event.createdAt,
      ...attemptOf(event),
      event.intentId,
      event.provider,
    ],
  );
  return row?.checkout_id ?? null;
}

interface StoredRow {
  readonly handled_at: string | null;
  readonly status: string | null;
  readonly closing: boolean | null;
}

/** The attempt that an event speaks of: the one that knows its intent, whatever its metadata says, else its checkout's. */
const attempt = (columns: string): string => `select ${columns} from payment_attempts
  where step = 'authorise' and (checkout_id = ?::uuid or intent_id = ?)
  order by intent_id is not distinct from ? desc, attempt desc limit 1`;

const attemptOf = ({ checkoutId, intentId }: PaymentEvent): (string | null)[] => [
  checkoutId !== null && isId(checkoutId) ? checkoutId : null,
  intentId,
  intentId,
];

/** Locks the attempt that an event speaks of. Null: none of ours, as with another shop's on the same account. */
async function lockAttemptOf(
  em: EntityManager,
  event: PaymentEvent,
): Promise<{ readonly checkoutId: string | null; readonly intentId: string | null }> {
  const [row] = await em.execute<{ checkout_id: string; intent_id: string | null }[]>(
    `${attempt('checkout_id, intent_id')} for update`,
    attemptOf(event),
  );
  return { checkoutId: row?.checkout_id ?? null, intentId: row?.intent_id ?? null };
}

/**
 * Intents with money, by their events, that no attempt and no order knows, of whatever checkout: a call was answered too late.
 */
export async function strayIntents(em: EntityManager, checkoutId: string): Promise<string[]> {
  const rows = await em.execute<{ intent_id: string }[]>(
    `select distinct e.intent_id from payment_events e
     where e.checkout_id = ? and e.outcome in ('authorised', 'captured') and e.intent_id is not null
       and not exists (select from payment_attempts a where a.intent_id = e.intent_id)
       and not exists (select from payments p where p.provider = e.provider and p.intent_id = e.intent_id)`,
    [checkoutId],
  );
  return rows.map((row) => row.intent_id);
}

/** Every intent of the checkout that its events say money was secured with. */
export async function paidIntents(em: EntityManager, checkoutId: string): Promise<ReadonlySet<string>> {
  const rows = await em.execute<{ intent_id: string }[]>(
    `select distinct intent_id from payment_events
     where checkout_id = ? and outcome in ('authorised', 'captured') and intent_id is not null`,
    [checkoutId],
  );
  return new Set(rows.map((row) => row.intent_id));
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

/** The payment that an event speaks of; null where it speaks of none. */
export async function findEventIntent(
  em: EntityManager,
  eventId: string,
): Promise<{ readonly provider: string; readonly intentId: string } | null> {
  const [row] = await em.execute<{ provider: string; intentId: string | null }[]>(
    'select provider, intent_id as "intentId" from payment_events where id = ?',
    [eventId],
  );
  return row?.intentId == null ? null : { provider: row.provider, intentId: row.intentId };
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
