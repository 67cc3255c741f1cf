import type { EntityManager } from '@mikro-orm/postgresql';
import type { Query } from '../kernel/transact.js';
import type { FlowBook } from './ports.js';

/** What is still moving: open checkouts, orders that wait for their capture, messages, the outbox, flows. */
export async function countMoving({
  query,
  flows,
}: {
  readonly query: Query;
  readonly flows: Pick<FlowBook, 'atWork'>;
}): Promise<number> {
  const rows = await query(movingRows);
  return rows > 0 ? rows : flows.atWork();
}

async function movingRows(em: EntityManager): Promise<number> {
  const [row] = await em.execute<{ count: number }[]>(
    `select (select count(*) from checkouts where closed_at is null)
       + (select count(*) from orders where status = 'pending')
       + (select count(*) from notifications where subject_type = 'order' and status = 'pending')
       + (select count(*) from outbox where published_at is null) as count`,
  );
  return row?.count ?? 0;
}
