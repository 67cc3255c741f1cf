import type { EntityManager } from '@mikro-orm/postgresql';
import { notFound } from '../kernel/errors.js';
import { newId } from '../kernel/ids.js';
import { writeAudit } from '../audit/index.js';
import { releaseStock } from '../inventory/index.js';
import type { CheckoutState, Failure, UnpaidEnding, UnpaidStatus } from './types.js';

/**
 * First step of every unpaid ending: from here on nothing can begin for this checkout, whatever wakes up
 * late. An authorisation that never began is replaced by a tombstone. Idempotent: whoever closes it first says how it ends, and
 * who comes again hears that, whatever was refused since for it is closed.
 * @returns placed: an order stands, so there is nothing to undo; ended: it ends unpaid in this way, as was said before
 */
export async function closeCheckout(
  em: EntityManager,
  checkoutId: string,
  ending: UnpaidEnding | null = null,
): Promise<Closed> {
  // `no key`: an attempt that is being begun refers to this row, and the insert below waits for it.
  const [row] = await em.execute<ClosingRow[]>(
    'select status, failure_code, failure_data, closed_at, ending from checkouts where id = ? for no key update',
    [checkoutId],
  );
  if (row === undefined) throw notFound('checkout');
  if (row.status === 'placed') return { placed: true };
  if (row.closed_at !== null && row.failure_code !== null)
    return {
      placed: false,
      // closed and not placed
      ended: { status: row.status as UnpaidStatus, code: row.failure_code, data: row.failure_data },
    };
  await em.execute(
    `with k as (
       update checkouts set closing = true, ending = ?::jsonb, updated_at = now() where id = ? and not closing
     )
     insert into payment_attempts (id, checkout_id, step, attempt, key, parameter_hash, state)
     values (?, ?, 'authorise', 1, ?, '', 'tombstoned')
     on conflict do nothing`,
    [ending === null ? null : JSON.stringify(ending), checkoutId, newId(), checkoutId, `${checkoutId}:authorise:1`],
    'run',
  );
  return row.ending === null ? { placed: false } : { placed: false, ended: row.ending };
}

export interface Closed {
  readonly placed: boolean;
  readonly ended?: UnpaidEnding;
}

interface ClosingRow {
  readonly status: CheckoutState;
  readonly failure_code: string | null;
  readonly failure_data: Failure['data'];
  readonly closed_at: string | null;
  readonly ending: UnpaidEnding | null;
}

/**
 * Last step of every unpaid ending, after the payment is void: gives the stock back, writes how it ended,
 * and frees the cart under a fresh checkout id, so that a retry is a new checkout. Idempotent.
 */
export async function endUnpaid(
  em: EntityManager,
  checkoutId: string,
  status: UnpaidStatus,
  failure: Failure,
): Promise<void> {
  const [row] = await em.execute<{ closed_at: string | null; cart_id: string }[]>(
    'select closed_at, cart_id from checkouts where id = ? for update',
    [checkoutId],
  );
  if (row === undefined) throw notFound('checkout');
  if (row.closed_at !== null) return;
  const released = await releaseStock(em, { checkoutId }, status === 'expired' ? 'expired' : 'released');
  await em.execute(
    `with k as (
       update checkouts set status = ?, closing = true, failure_code = ?, failure_data = ?::jsonb, closed_at = now(),
         updated_at = now()
       where id = ?
     ), freed as (
       update carts set checkout_id = ?, version = version + 1, updated_at = now() where id = ? and checkout_id = ?
     )
     insert into checkout_steps (checkout_id, step, status)
     select ?, step, ? from unnest(case when ? then '{stock_released}'::text[] else '{}'::text[] end || ?::text) step`,
    [
      status,
      failure.code,
      JSON.stringify(failure.data),
      checkoutId,
      newId(),
      row.cart_id,
      checkoutId,
      checkoutId,
      status,
      released > 0,
      status,
    ],
    'run',
  );
  if (status === 'expired' && released > 0)
    await writeAudit(em, {
      actor: { type: 'system' },
      action: 'reservation.expired',
      object: { type: 'checkout', id: checkoutId },
      data: { variants: released },
    });
}
