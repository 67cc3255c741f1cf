import type { EntityManager } from '@mikro-orm/postgresql';
import { newId } from '../kernel/ids.js';
import { announceStock } from './announce-stock.js';
import { turned } from './stock.js';
import { lockLevels } from './store.js';

/**
 * Sets a variant's counter to the sum of its live reservations, under the lock that every reservation takes first.
 * @returns what it was and is; null when it was right
 * @throws Error when more is reserved than is on hand: a person must look
 */
export async function countReservedAgain(
  em: EntityManager,
  variantId: string,
): Promise<{ readonly before: number; readonly after: number } | null> {
  const level = (await lockLevels(em, [variantId])).get(variantId);
  if (level === undefined) return null;
  // After the lock, in a statement of its own: what the lock waited for is seen.
  const [row] = await em.execute<{ live: number }[]>(
    `select coalesce(sum(quantity), 0)::integer as live from reservations where variant_id = ? and state = 'live'`,
    [variantId],
  );
  const live = row?.live ?? 0;
  if (live === level.reserved) return null;
  if (live > level.onHand) throw new Error(`variant ${variantId}: ${live} reserved of ${level.onHand} on hand`);
  await em.execute('update stock_levels set reserved = ?, updated_at = now() where variant_id = ?', [live, variantId]);
  if (turned(level, { ...level, reserved: live })) await announceStock(em, [variantId]);
  return { before: level.reserved, after: live };
}

/**
 * Books the movement that is missing between a variant's movements and what is on hand, which stays as it is.
 * @returns false, and books nothing, when another number is missing than `delta`
 */
export async function bookMissingMovement(
  em: EntityManager,
  missing: {
    readonly variantId: string;
    readonly delta: number;
    readonly note: string;
    readonly actorId: string | null;
  },
): Promise<boolean> {
  const { variantId, delta, note, actorId } = missing;
  const level = (await lockLevels(em, [variantId])).get(variantId);
  if (level === undefined) return false;
  const [row] = await em.execute<{ moved: number }[]>(
    'select coalesce(sum(delta), 0)::integer as moved from stock_movements where variant_id = ?',
    [variantId],
  );
  if (level.onHand - (row?.moved ?? 0) !== delta || delta === 0) return false;
  const id = newId();
  await em.execute(
    `insert into stock_movements (id, variant_id, delta, on_hand_after, reason, reference, note, actor_id)
     values (?, ?, ?, ?, 'adjustment', ?, ?, ?)`,
    [id, variantId, delta, level.onHand, id, note, actorId],
    'run',
  );
  return true;
}
