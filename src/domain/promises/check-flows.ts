import type { EntityManager } from '@mikro-orm/postgresql';
import type { Query } from '../kernel/transact.js';
import type { BadEnd, FlowBook } from './ports.js';
import { resultOf } from './rows/row-check.js';
import type { AuditScope, Breach, CheckResult } from './types.js';

const BAD_ENDS = { promise: 'undo', check: 'what a failed or ended flow left was taken over' } as const;
const AT_WORK = { promise: 'undo', check: 'a flow works on each open checkout and order' } as const;
const TELLING = { promise: 'say it once', check: 'a flow works on each message that waits' } as const;

/** By then the sweep has found what has no flow. Milliseconds. */
const SWEPT_MS = 240_000;

/** Compares what Temporal says of flows with the rows they were to bring to an end. */
export async function checkFlows(query: Query, book: FlowBook, scope: AuditScope): Promise<CheckResult[]> {
  const quietMs = Math.max(SWEPT_MS, scope.settledForMs);
  const ends = await book.badEnds();
  const left = await query((em) => unfinished(em, ends));
  const open = await query((em) => openOrders(em, quietMs));
  const untold = await query((em) => untoldOrders(em, quietMs));
  return [
    resultOf(BAD_ENDS, ends.length, left),
    resultOf(AT_WORK, open.length, await alone(book, open)),
    resultOf(TELLING, untold.length, await alone(book, untold)),
  ];
}

interface Waiting {
  readonly order: string;
  readonly what: string;
}

async function alone(book: FlowBook, waiting: readonly Waiting[]): Promise<Breach[]> {
  const idle = new Set(await book.withoutFlow([...new Set(waiting.map(({ order }) => order))]));
  return waiting.filter(({ order }) => idle.has(order)).map(({ order, what }) => ({ what, ids: { order } }));
}

/** By what it was about: whether what a badly ended flow was to finish is still not finished. */
const UNFINISHED: Readonly<Record<BadEnd['about'], string | null>> = {
  checkout: `exists (select from checkouts k left join orders o on o.checkout_id = k.id
    where k.id::text = e.id and (k.closed_at is null or o.status = 'pending'))`,
  hold: `exists (select from cart_holds h where h.id::text = e.id and h.state = 'live' and h.expires_at < now())`,
  order: `exists (select from notifications n where n.subject_id::text = e.id and n.status = 'pending')`,
  cancellation: `exists (select from order_cancellations c where c.order_id::text = e.id and c.ended_at is null)`,
  refund: `exists (select from refunds r where r.id::text = e.id and r.status in ('requested', 'pending'))`,
  refund_event: `exists (select from payment_events p where p.id = e.id and p.handled_at is null)`,
  payment_event: `exists (select from payment_events p join checkouts k on k.id = p.checkout_id
    where p.id = e.id and p.handled_at is null and k.closed_at is not null and k.status <> 'placed')`,
  nothing: null,
  other: 'true',
};

async function unfinished(em: EntityManager, ends: readonly BadEnd[]): Promise<Breach[]> {
  const cases = Object.entries(UNFINISHED).map(([about, sql]) => `when '${about}' then ${sql ?? 'false'}`);
  return em.execute<Breach[]>(
    `select e.status as what, jsonb_build_object('flow', e.flow) as ids
     from jsonb_to_recordset(?::jsonb) as e (flow text, status text, about text, id text)
     where case e.about ${cases.join(' ')} end order by e.flow`,
    [JSON.stringify(ends.map(({ workflowId, status, about, id }) => ({ flow: workflowId, status, about, id })))],
  );
}

const openOrders = (em: EntityManager, quietMs: number): Promise<Waiting[]> =>
  em.execute<Waiting[]>(
    `select order_id as "order", format('checkout %s is %s', id, status) as what from checkouts
     where closed_at is null
       and greatest(updated_at, coalesce(expires_at, updated_at)) < now() - ?::integer * interval '1 millisecond'
     union all
     select id, 'order waits for its capture' from orders
     where status = 'pending' and updated_at < now() - ?::integer * interval '1 millisecond'
     union all
     select c.order_id, 'order waits for its cancellation' from order_cancellations c join orders o on o.id = c.order_id
     where c.ended_at is null and o.updated_at < now() - ?::integer * interval '1 millisecond'
     union all
     select order_id, format('refund %s is %s', id, status) from refunds
     where status in ('requested', 'pending') and updated_at < now() - ?::integer * interval '1 millisecond'`,
    [quietMs, quietMs, quietMs, quietMs],
  );

const untoldOrders = (em: EntityManager, quietMs: number): Promise<Waiting[]> =>
  em.execute<Waiting[]>(
    `select subject_id as "order", format('%s by %s waits', event, channel) as what from notifications
     where subject_type = 'order' and status = 'pending' and created_at < now() - ?::integer * interval '1 millisecond'`,
    [quietMs],
  );
