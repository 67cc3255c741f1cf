import type { EntityManager } from '@mikro-orm/postgresql';
import type { Sighting } from './types.js';

interface LevelRow {
  readonly variant: string;
  readonly onHand: number;
  readonly reserved: number;
  readonly live: number;
  readonly moved: number;
}

export interface Looked {
  readonly sightings: readonly Sighting[];
  readonly looked: number;
  /** Where the next page begins; null after the last. */
  readonly next: string | null;
}

/** The counters of the next variants against their rows; one statement, and every change of stock is one transaction. */
export async function lookAtStock(em: EntityManager, after: string | null, limit: number): Promise<Looked> {
  const rows = await em.execute<LevelRow[]>(
    `select s.variant_id as variant, s.on_hand as "onHand", s.reserved,
       (select coalesce(sum(r.quantity), 0)::integer from reservations r
         where r.variant_id = s.variant_id and r.state = 'live') as live,
       (select coalesce(sum(m.delta), 0)::integer from stock_movements m where m.variant_id = s.variant_id) as moved
     from stock_levels s where ?::uuid is null or s.variant_id > ?::uuid order by s.variant_id limit ?`,
    [after, after, limit],
  );
  return {
    sightings: rows.flatMap(sightingsOf),
    looked: rows.length,
    next: rows.length < limit ? null : (rows.at(-1)?.variant ?? null),
  };
}

function sightingsOf({ variant, onHand, reserved, live, moved }: LevelRow): Sighting[] {
  const found: Sighting[] = [];
  if (reserved !== live)
    found.push({
      kind: 'reserved_counter',
      subject: { variant },
      expected: { reserved: live },
      found: { reserved },
      // What cannot be on the shelf cannot be counted right either.
      action: live <= onHand ? 'count_again' : 'by_hand',
    });
  if (onHand !== moved)
    found.push({
      kind: 'on_hand',
      subject: { variant },
      expected: { movements: onHand },
      found: { movements: moved },
      action: 'book_movement',
    });
  return found;
}
