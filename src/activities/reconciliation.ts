import { cancellationSignal, heartbeat } from '@temporalio/activity';
import { begunAuthorisations, readUndoing, recordTaken, recordVoided } from '../domain/checkout/index.js';
import { DomainError } from '../domain/kernel/errors.js';
import type { Query, Transact } from '../domain/kernel/transact.js';
import { queuePaymentReturned } from '../domain/notifications/index.js';
import { publish } from '../domain/outbox/index.js';
import type { PaymentGateway, PaymentStatement, PaymentStatements } from '../domain/payments/index.js';
import {
  askAgain,
  beginReconciliation,
  carryOut,
  closeUnseen,
  endReconciliation,
  findMoneySince,
  findOpen,
  findUnknownToProvider,
  lookAtEvents,
  lookAtPayments,
  lookAtSearch,
  lookAtStock,
  need,
  noteFailure,
  noteMended,
  noteSightings,
  readDifference,
  type Area,
  type Difference,
  type DifferenceState,
  type Looked,
  type Sighting,
} from '../domain/reconciliation/index.js';
import { bookFound } from '../domain/refunds/index.js';
import { readChanges, readChangesAfter, type SearchIndex } from '../domain/search/index.js';
import { paymentEventWorkflowId, refundEventWorkflowId, type Flows } from '../workflows/contracts.js';
import { gatewayOf } from './payments.js';

const ROWS_AT_ONCE = 500;
const EVENTS_AT_ONCE = 100;
const PAYMENTS_AT_ONCE = 200;
const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';
const DAY = 86_400_000;
/** A payment may be taken until its authorisation ends, after seven days; a day on top. */
const OVERLAP_MS = 8 * DAY;
/** How far the provider's clock may be behind ours. */
const MARGIN_MS = 10 * 60_000;
const BEAT_MS = 10_000;

export interface ReconciliationActivityDeps {
  readonly transact: Transact;
  readonly query: Query;
  readonly gateways: ReadonlyMap<string, PaymentGateway>;
  readonly statements: readonly PaymentStatements[];
  readonly flows: Pick<Flows, 'start' | 'state'>;
  readonly index: SearchIndex | null;
}

type Pages = AsyncIterable<Pick<Looked, 'sightings' | 'looked'>>;

interface ById {
  readonly differenceId: string;
}

/** Laying books beside each other, and mending what is safe or approved. */
export function createReconciliationActivities(deps: ReconciliationActivityDeps) {
  const { transact, query, gateways, statements, flows, index } = deps;

  async function* pages(look: (after: string | null) => Promise<Looked>): Pages {
    for (let after: string | null = null; ;) {
      const found = await look(after);
      yield found;
      if (found.next === null) return;
      after = found.next;
    }
  }

  /** Events whose flow is at work wait for nobody. */
  async function idleEvents(after: string | null): Promise<Looked> {
    const found = await query((em) => lookAtEvents(em, after, EVENTS_AT_ONCE));
    const states = await Promise.all(found.sightings.map((each) => flows.state(eventFlow(each).workflowId)));
    return { ...found, sightings: found.sightings.filter((_, at) => states[at] !== 'running') };
  }

  async function* payments(): Pages {
    const since = await query((em) => findMoneySince(em, OVERLAP_MS));
    if (since === null) return;
    for (const books of statements) {
      const { provider } = books;
      const told: string[] = [];
      let some: PaymentStatement[] = [];
      const compare = async () => {
        const [page, now] = [await query((em) => lookAtPayments(em, provider, some)), some.length];
        some = [];
        return { sightings: page, looked: now };
      };
      for await (const statement of books.list(new Date(since.getTime() - MARGIN_MS))) {
        told.push(statement.intentId);
        some.push(statement);
        if (some.length === PAYMENTS_AT_ONCE) yield await compare();
      }
      yield await compare();
      yield { sightings: await query((em) => findUnknownToProvider(em, provider, since, told)), looked: 0 };
    }
  }

  /** Products against the index, then the index against the products: what is gone from one is in no list of the other. */
  async function* products(): Pages {
    // A new one is being filled.
    if (index === null || (await index.ensure()) === 'rebuild') return;
    for (let after: string | null = BEFORE_ALL; after !== null;) {
      const from: string = after;
      const changes = await query((em) => readChangesAfter(em, from, ROWS_AT_ONCE));
      const differing = await index.compare(changes);
      yield { sightings: await query((em) => lookAtSearch(em, differing)), looked: changes.length };
      after = changes.length < ROWS_AT_ONCE ? null : (changes.at(-1)?.id ?? null);
    }
    for (let after: string | null = null; ;) {
      const ids: string[] = await index.ids(after, ROWS_AT_ONCE);
      const superfluous = (await index.compare(await query((em) => readChanges(em, ids)))).filter(
        ({ should }) => should === 'absent',
      );
      yield { sightings: await query((em) => lookAtSearch(em, superfluous)), looked: 0 };
      if (ids.length < ROWS_AT_ONCE) return;
      after = ids.at(-1) ?? null;
    }
  }

  const AREA: Readonly<Record<Area, () => Pages>> = {
    stock: () => pages((after) => query((em) => lookAtStock(em, after, ROWS_AT_ONCE))),
    money: payments,
    events: () => pages(idleEvents),
    search: products,
  };

  /** Each on its own: what stands against one is noted with it, and the next has its turn. */
  async function mendOpen(area: Area): Promise<void> {
    for (let after: string | null = null; ;) {
      const from: string | null = after;
      const open: Difference[] = await query((em) => findOpen(em, area, from, ROWS_AT_ONCE));
      for (const each of open) {
        cancellationSignal().throwIfAborted();
        heartbeat();
        try {
          await mend(each);
        } catch (error) {
          const code = error instanceof DomainError ? error.code : 'failed';
          await transact((em) => noteFailure(em, each.id, code));
        }
      }
      if (open.length < ROWS_AT_ONCE) return;
      after = open.at(-1)?.id ?? null;
    }
  }

  async function mend(difference: Difference): Promise<void> {
    if (await transact((em) => carryOut(em, difference.id))) return;
    switch (difference.action) {
      case 'book_refunds':
        return bookRefunds(difference);
      case 'handle_event': {
        const { flow, workflowId, eventId } = eventFlow(difference);
        await flows.start(flow, workflowId, { eventId }, {}, { again: true });
        return transact((em) => noteMended(em, difference.id));
      }
      case 'give_back':
      case 'give_back_lost':
        return giveBack(difference);
      default:
        throw new Error(`nobody mends ${difference.action}`);
    }
  }

  /** As the provider's event would have had them booked. */
  async function bookRefunds({ id, subject }: Difference): Promise<void> {
    const found = await gatewayOf(gateways, need(subject, 'provider')).refundsOf(need(subject, 'intent'));
    if (found === null) throw new Error('the provider does not list its refunds');
    const orderId = need(subject, 'order');
    for (const each of found) await transact((em) => bookFound(em, orderId, each));
    await transact((em) => noteMended(em, id));
  }

  /** Money without an order goes back, at most once for a difference, and no more than was approved. */
  async function giveBack({ id, subject, found, action }: Difference): Promise<void> {
    const [provider, intentId, checkoutId] = [
      need(subject, 'provider'),
      need(subject, 'intent'),
      need(subject, 'checkout'),
    ];
    const gateway = gatewayOf(gateways, provider);
    const given = await gateway.refundsOf(intentId);
    if (given === null) throw new Error('the provider does not list its refunds');
    // One that came back is made anew, under a key of its own.
    const failed = given.filter((each) => each.status === 'failed').length;
    const key = failed === 0 ? `reconciliation:${id}` : `reconciliation:${id}:${failed}`;
    const others = given.filter((each) => each.key !== key && each.status !== 'failed');
    const currency = String(found['currency']);
    const amount = { amount: Number(found['kept']), currency };
    const captured = { amount: Number(found['captured']), currency };
    const left = others.reduce((rest, each) => rest - each.amount.amount, captured.amount);
    if (left !== amount.amount) return transact((em) => noteFailure(em, id, 'changed'));
    const back = await gateway.refund({ key, intentId, amount, reason: 'reconciliation' });
    if (back.kind === 'refused') return transact((em) => noteFailure(em, id, back.reason));
    // A bank may still send a pending one back: asked again until it is definite.
    if (back.kind !== 'refunded') throw new Error(`refund: ${'reason' in back ? back.reason : back.kind}`);
    // Of a checkout that nobody knows any more there is nothing to book, and nobody to tell.
    if (action === 'give_back_lost') return transact((em) => noteMended(em, id));
    const begun = (await query((em) => begunAuthorisations(em, checkoutId))).find(
      ({ attempt }) => attempt.intentId === intentId,
    );
    const { orderId } = await query((em) => readUndoing(em, checkoutId));
    const taken = { checkoutId, provider, intentId, chargeId: String(found['charge']), amount: captured };
    const ours = { reference: back.refundId, amount: back.amount, status: 'succeeded' } as const;
    await transact((em) =>
      noteMended(em, id, async () => {
        await recordTaken(em, taken, [...given.filter((each) => each.key !== key), ours]);
        if (begun !== undefined) await recordVoided(em, { attemptId: begun.attempt.id, intentId });
        await queuePaymentReturned(em, orderId, amount, begun === undefined ? intentId : null);
        await publish(em, { topic: 'order.notification_queued', key: orderId, payload: { orderId } });
      }),
    );
  }

  return {
    /** Looks through an area, writes down what differs, closes what does not any more, and mends what is safe. */
    async reconcileArea({ runId, area }: { readonly runId: string; readonly area: Area }): Promise<void> {
      // A provider that lists much says nothing for a while.
      const beat = setInterval(() => heartbeat(), BEAT_MS);
      try {
        await query((em) => beginReconciliation(em, runId));
        let looked = 0;
        for await (const page of AREA[area]()) {
          cancellationSignal().throwIfAborted();
          heartbeat({ looked });
          looked += page.looked;
          await transact((em) => noteSightings(em, runId, area, page.sightings));
        }
        await transact((em) => closeUnseen(em, runId, area, looked));
        await mendOpen(area);
      } finally {
        clearInterval(beat);
      }
    },

    /** Local. Ends the report, and has what was approved and is not mended tried again. */
    endReconciliation: ({ runId }: { readonly runId: string }): Promise<Partial<Record<DifferenceState, number>>> =>
      transact(async (em) => {
        await askAgain(em);
        return endReconciliation(em, runId);
      }),

    /** Mends a difference that a person approved; answers what became of it. */
    async mendDifference({ differenceId }: ById): Promise<DifferenceState> {
      const difference = await query((em) => readDifference(em, differenceId));
      if (difference.state === 'approved') await mend(difference);
      return (await query((em) => readDifference(em, differenceId))).state;
    },
  };
}

export type ReconciliationActivities = ReturnType<typeof createReconciliationActivities>;

function eventFlow({ kind, subject }: Pick<Sighting, 'kind' | 'subject'>) {
  const eventId = need(subject, 'event');
  return kind === 'refund_event_not_handled'
    ? ({ flow: 'refundEvent', workflowId: refundEventWorkflowId(eventId), eventId } as const)
    : ({ flow: 'paymentEvent', workflowId: paymentEventWorkflowId(eventId), eventId } as const);
}
