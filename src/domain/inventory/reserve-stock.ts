import type { EntityManager } from '@mikro-orm/postgresql';
import { DomainError } from '../kernel/errors.js';
import { newId } from '../kernel/ids.js';
import { alertLowStock } from './alert-low-stock.js';
import { announceStock } from './announce-stock.js';
import { byVariant, shortages, turned } from './stock.js';
import { lockLevels, ownerColumn } from './store.js';
import type { ReservationOwner, StockChange, StockLevel, StockLine } from './types.js';

/**
 * Takes stock for all lines or for none, in two statements. With `replacing`, the rows of that hold are
 * handed over in the same step: what it held counts as available to the new owner.
 * @returns when the reservation ends, by database time
 * @throws DomainError `out_of_stock` naming every variant that is short
 */
export async function reserveStock(
  em: EntityManager,
  owner: ReservationOwner,
  lines: readonly StockLine[],
  durationMs: number,
  replacing: string | null = null,
): Promise<{ readonly expiresAt: string }> {
  const wanted = byVariant(lines);
  const held = replacing === null ? [] : await heldLines(em, replacing);
  const levels = await lockLevels(
    em,
    [...wanted, ...held].map((line) => line.variantId),
  );
  const short = shortages(withoutHeld(levels, held), wanted);
  if (short.length > 0) throw new DomainError('out_of_stock', 'not enough stock', { variants: short });
  if (replacing !== null) await handOver(em, replacing);
  const { column, id } = ownerColumn(owner);
  const [row] = await em.execute<{ expires_at: string; taken: number }[]>(
    `with wanted as (
       select * from jsonb_to_recordset(?::jsonb) as w (id uuid, variant_id uuid, quantity integer)
     ), taken as (
       update stock_levels s set reserved = s.reserved + w.quantity, updated_at = now()
       from wanted w where s.variant_id = w.variant_id and s.on_hand - s.reserved >= w.quantity
       returning s.variant_id
     ), rows as (
       insert into reservations (id, variant_id, quantity, ${column}, expires_at)
       select w.id, w.variant_id, w.quantity, ?, now() + ? * interval '1 millisecond'
       from wanted w join taken t using (variant_id)
       returning expires_at
     )
     select max(expires_at) as expires_at, count(*) as taken from rows`,
    [
      JSON.stringify(wanted.map((line) => ({ id: newId(), variant_id: line.variantId, quantity: line.quantity }))),
      id,
      durationMs,
    ],
  );
  if (row?.taken !== wanted.length) throw new Error('locked stock changed under its lock');
  const changes = changesBy(levels, held, wanted);
  await announceStock(em, turnedBy(changes));
  await alertLowStock(em, changes);
  return { expiresAt: row.expires_at };
}

/** Moves the end of all live rows of an owner; false when none is live any more. */
export async function extendReservation(em: EntityManager, owner: ReservationOwner, byMs: number): Promise<boolean> {
  const { column, id } = ownerColumn(owner);
  const rows = await em.execute<unknown[]>(
    `update reservations set expires_at = expires_at + ? * interval '1 millisecond'
     where ${column} = ? and state = 'live' and expires_at > now() returning id`,
    [byMs, id],
  );
  return rows.length > 0;
}

const heldLines = async (em: EntityManager, holdId: string): Promise<StockLine[]> => {
  const rows = await em.execute<{ variant_id: string; quantity: number }[]>(
    `select variant_id, quantity from reservations where hold_id = ? and state = 'live'`,
    [holdId],
  );
  return rows.map((row) => ({ variantId: row.variant_id, quantity: row.quantity }));
};

function changesBy(
  levels: ReadonlyMap<string, StockLevel>,
  held: readonly StockLine[],
  wanted: readonly StockLine[],
): StockChange[] {
  const quantities = new Map(wanted.map((line) => [line.variantId, line.quantity]));
  return [...withoutHeld(levels, held)].map(([variantId, free]) => ({
    before: levels.get(variantId) ?? free,
    after: { ...free, reserved: free.reserved + (quantities.get(variantId) ?? 0) },
  }));
}

/** The variants that sold out, or came back because the hold was for more. */
const turnedBy = (changes: readonly StockChange[]): string[] =>
  changes.filter(({ before, after }) => turned(before, after)).map(({ after }) => after.variantId);

function withoutHeld(levels: ReadonlyMap<string, StockLevel>, held: readonly StockLine[]): Map<string, StockLevel> {
  const free = new Map(levels);
  for (const { variantId, quantity } of held) {
    const level = free.get(variantId);
    if (level !== undefined) free.set(variantId, { ...level, reserved: level.reserved - quantity });
  }
  return free;
}

async function handOver(em: EntityManager, holdId: string): Promise<void> {
  await em.execute(
    `with closed as (
       update reservations set state = 'handed_over', closed_at = now()
       where hold_id = ? and state = 'live' returning variant_id, quantity
     )
     update stock_levels s set reserved = s.reserved - c.quantity, updated_at = now()
     from closed c where s.variant_id = c.variant_id`,
    [holdId],
    'run',
  );
}
