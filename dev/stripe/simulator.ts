import type Stripe from 'stripe';
import { createHost, type Incoming, type Answer, json } from '../simulation/host.js';
import { createSwitches } from '../simulation/switches.js';
import { type Account, newId, seconds } from './account.js';
import { createGate } from './gate.js';
import { createIdempotency } from './idempotency.js';
import { expireHolds } from './intents/change.js';
import { type Ledger, readLedger, recordMovement } from './ledger.js';
import { settleRefunds } from './refunds.js';
import { createStore } from './store.js';
import { createControls } from './controls.js';
import { createWebhooks, type WebhookEndpoint } from './webhooks.js';

export interface StripeSimulatorOptions {
  readonly secretKey: string;
  /** Where the state lives; in memory where null. */
  readonly dataDir?: string | null;
  readonly webhook?: WebhookEndpoint | null;
}

export interface StripeSimulator {
  /** Answers the base URL; port 0 takes any free one. */
  listen(port?: number, hostname?: string): Promise<string>;
  close(): Promise<void>;
  ledger(intent?: string): Ledger;
  setWebhook(endpoint: WebhookEndpoint | null): void;
}

const API_VERSION = '2026-10-28.endive';
const HOUSEKEEPING_MS = 500;

/** A stateful Stripe for development and tests; what it promises is in docs/simulators.md. */
export function createStripeSimulator({
  secretKey,
  dataDir = null,
  webhook = null,
}: StripeSimulatorOptions): StripeSimulator {
  const store = createStore(dataDir);
  const now = (): Date => new Date(Date.now() + Number(store.meta('clock_offset_ms') ?? 0));
  const webhooks = createWebhooks(store, () => Date.now());
  const switches = createSwitches();
  const idempotency = createIdempotency(store, now);
  let baseUrl = 'http://127.0.0.1';
  let cause: { id: string | null; key: string | null } = { id: null, key: null };
  let timer: NodeJS.Timeout | null = null;

  const account: Account = {
    store,
    now,
    baseUrl: () => baseUrl,
    emit(type, object) {
      const event = {
        id: newId('evt'),
        object: 'event',
        api_version: API_VERSION,
        created: seconds(now()),
        data: { object },
        livemode: false,
        pending_webhooks: webhooks.endpoint() === null ? 0 : 1,
        request: { id: cause.id, idempotency_key: cause.key },
        type,
      } as unknown as Stripe.Event;
      store.insert('event', event, { parent: type });
      webhooks.enqueue(event.id);
    },
    move: (type, intent, amount) => recordMovement(store, now(), type, intent, amount),
  };

  function during<T>(request: { id: string; key: string | null }, work: () => T): T {
    cause = request;
    try {
      return work();
    } finally {
      cause = { id: null, key: null };
    }
  }

  function housekeeping(): void {
    expireHolds(account);
    settleRefunds(account);
  }

  const gate = createGate({
    account,
    secretKey,
    switches,
    idempotency,
    during,
    housekeeping,
    afterCommit: webhooks.pump,
  });
  const controls = createControls({ account, switches, webhooks, idempotency, housekeeping });

  async function answer(incoming: Incoming): Promise<Answer> {
    if (incoming.path === '/health') return json(200, { status: 'ok' });
    return incoming.path.startsWith('/v1/') ? gate(incoming) : controls(incoming);
  }

  const host = createHost(answer);

  return {
    async listen(port = 0, hostname = '127.0.0.1') {
      baseUrl = await host.listen(port, hostname);
      webhooks.setEndpoint(webhook);
      timer = setInterval(() => {
        store.transaction(housekeeping);
        idempotency.purge();
        webhooks.pump();
      }, HOUSEKEEPING_MS);
      timer.unref();
      return baseUrl;
    },
    async close() {
      if (timer !== null) clearInterval(timer);
      await host.close();
      await webhooks.close();
      store.close();
    },
    ledger: (intent) => readLedger(store, intent ?? null),
    setWebhook: webhooks.setEndpoint,
  };
}
