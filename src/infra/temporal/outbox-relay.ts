import { createHash } from 'node:crypto';
import type { Outbox } from '../../domain/outbox/ports.js';
import type { OutboxMessage } from '../../domain/outbox/types.js';
import { DomainError, unreachable } from '../../domain/kernel/errors.js';
import {
  backInStockWorkflowId,
  cancelOrderWorkflowId,
  catalogueImportWorkflowId,
  confirmEmailWorkflowId,
  lowStockWorkflowId,
  MORE_TO_TELL,
  notifyWorkflowId,
  reconciliationRepairWorkflowId,
  refundWorkflowId,
  searchIndexWorkflowId,
  STOCK_BACK,
  type FlowAttributes,
  type FlowInputs,
  type Flows,
} from '../../workflows/contracts.js';
import { pause } from './pause.js';

type RelayFlows = Pick<Flows, 'start' | 'signal'>;

export interface RelayDeps {
  readonly outbox: Outbox;
  readonly flows: RelayFlows;
  readonly log: {
    warn(fields: Readonly<Record<string, unknown>>, message: string): void;
    error(fields: Readonly<Record<string, unknown>>, message: string): void;
  };
  /** Milliseconds between looks at an empty outbox. */
  readonly everyMs?: number;
  readonly batch?: number;
}

export interface OutboxRelay {
  /** Relays until the signal is aborted; outages are waited out. Any number of relays may run at once. */
  run(signal: AbortSignal): Promise<void>;
  /** One batch; answers how many messages were published. @throws when the database cannot be reached */
  once(): Promise<{ readonly published: number; readonly left: number }>;
}

const SWEEP_EVERY_MS = 10 * 60_000;
const LONGEST_PAUSE_MS = 5_000;
const PRODUCTS_A_FLOW = 500;
const STARTS_AT_ONCE = 10;

/** Messages that are published together, once all their flows were taken. */
interface Unit {
  readonly messages: readonly number[];
  start(): Promise<unknown>;
}

/**
 * Starts the flows that the outbox asks for. A message counts as published once Temporal took its flow; a relay that dies
 * in between starts it again under the same id, which changes nothing.
 */
export function createOutboxRelay({ outbox, flows, log, everyMs = 500, batch = 200 }: RelayDeps): OutboxRelay {
  async function once(): Promise<{ published: number; left: number }> {
    const messages = await outbox.waiting(batch);
    const published: number[] = [];
    let reachable = true;
    const units = plan(messages, flows);
    for (let at = 0; at < units.length && reachable; at += STARTS_AT_ONCE) {
      const some = units.slice(at, at + STARTS_AT_ONCE);
      const endings = await Promise.allSettled(some.map((unit) => unit.start()));
      endings.forEach((ending, index) => {
        const ids = some[index]?.messages ?? [];
        if (ending.status === 'fulfilled') published.push(...ids);
        else if (!note(ending.reason, ids)) reachable = false;
      });
    }
    if (published.length > 0) await outbox.markPublished(published);
    return { published: published.length, left: messages.length - published.length };
  }

  /** Logs why flows were not taken; false when it is Temporal that is away. */
  function note(error: unknown, ids: readonly number[]): boolean {
    const fields = { outbox_ids: ids.slice(0, 20), error: error instanceof Error ? error.name : typeof error };
    const away = error instanceof DomainError && error.code === 'temporarily_unavailable';
    if (away) log.warn(fields, 'Temporal takes no flows from the outbox now');
    else log.error(fields, 'a flow from the outbox cannot be started');
    return !away;
  }

  async function run(signal: AbortSignal): Promise<void> {
    let wait = everyMs;
    let sweptAt = 0;
    while (!signal.aborted) {
      try {
        const { published, left } = await once();
        wait = left === 0 ? everyMs : Math.min(wait * 2, LONGEST_PAUSE_MS);
        if (published === batch) continue;
        if (Date.now() - sweptAt > SWEEP_EVERY_MS) {
          sweptAt = Date.now();
          await outbox.sweep();
        }
      } catch (error) {
        log.warn({ error: error instanceof Error ? error.name : typeof error }, 'the outbox cannot be read now');
        wait = Math.min(wait * 2, LONGEST_PAUSE_MS);
      }
      await pause(wait, signal);
    }
  }

  return { once, run };
}

function plan(messages: readonly OutboxMessage[], flows: RelayFlows): Unit[] {
  const units: Unit[] = [];
  const search = { messages: [] as number[], products: new Set<string>() };
  for (const message of messages) {
    switch (message.topic) {
      case 'search.products':
        search.messages.push(message.id);
        for (const id of message.payload.product_ids) search.products.add(id);
        break;
      case 'user.registered':
      case 'user.email_changed':
      case 'user.confirmation_requested': {
        const { confirmationId } = message.payload;
        const start = () => flows.start('confirmEmail', confirmEmailWorkflowId(confirmationId), { confirmationId });
        units.push({ messages: [message.id], start });
        break;
      }
      case 'import.accepted': {
        const { importId } = message.payload;
        const start = () => flows.start('catalogueImport', catalogueImportWorkflowId(importId), { importId });
        units.push({ messages: [message.id], start });
        break;
      }
      case 'order.cancellation_requested': {
        const { orderId } = message.payload;
        const start = () =>
          // A cancellation is asked for once; it goes on when its refund comes back from the bank.
          flows.start('cancelOrder', cancelOrderWorkflowId(orderId), { orderId }, { orderId }, { again: true });
        units.push({ messages: [message.id], start });
        break;
      }
      case 'order.refund_requested': {
        const { refundId, orderId } = message.payload;
        const start = () => flows.start('refund', refundWorkflowId(refundId), { refundId }, { orderId });
        units.push({ messages: [message.id], start });
        break;
      }
      case 'order.notification_queued':
        units.push({ messages: [message.id], start: () => tell(message.payload.orderId, flows) });
        break;
      case 'stock.back':
        units.push({ messages: [message.id], start: () => tellWhoWaits(message.payload.variantId, flows) });
        break;
      case 'stock.low': {
        const { alertId } = message.payload;
        const start = () => flows.start('lowStock', lowStockWorkflowId(alertId), { alertId });
        units.push({ messages: [message.id], start });
        break;
      }
      case 'reconciliation.approved': {
        const { differenceId } = message.payload;
        const id = reconciliationRepairWorkflowId(differenceId);
        // What could not be mended may be approved once more.
        const start = () => flows.start('reconciliationRepair', id, { differenceId }, {}, { again: true });
        units.push({ messages: [message.id], start });
        break;
      }
      default:
        unreachable(message);
    }
  }
  if (search.messages.length > 0)
    units.push({
      messages: search.messages,
      start: () => Promise.all(indexFlows(Math.max(...search.messages), [...search.products].sort(), flows)),
    });
  return units;
}

const tell = (orderId: string, flows: RelayFlows): Promise<void> =>
  wake(flows, MORE_TO_TELL, 'notify', notifyWorkflowId(orderId), { orderId }, { orderId });

const tellWhoWaits = (variantId: string, flows: RelayFlows): Promise<void> =>
  wake(flows, STOCK_BACK, 'backInStock', backInStockWorkflowId(variantId), { variantId });

/** A flow that is at it looks once more; else one is started. */
async function wake<F extends 'notify' | 'backInStock'>(
  flows: RelayFlows,
  signal: string,
  flow: F,
  workflowId: string,
  input: FlowInputs[F],
  attributes: FlowAttributes = {},
): Promise<void> {
  if (await flows.signal(workflowId, signal)) return;
  await flows.start(flow, workflowId, input, attributes, { again: true });
}

/** The id follows from the products: a later batch with the same last message but more products is another flow. */
function indexFlows(last: number, products: readonly string[], flows: RelayFlows): Promise<void>[] {
  const starts: Promise<void>[] = [];
  for (let at = 0; at < products.length; at += PRODUCTS_A_FLOW) {
    const productIds = products.slice(at, at + PRODUCTS_A_FLOW);
    const digest = createHash('sha256').update(productIds.join()).digest('hex').slice(0, 16);
    starts.push(flows.start('searchIndex', searchIndexWorkflowId(last, digest), { productIds }));
  }
  return starts;
}
