import { createHmac } from 'node:crypto';
import { seconds } from './account.js';
import type { Store } from './store.js';

export interface WebhookSwitches {
  /** `reverse` and `shuffle` gather deliveries for `window_ms` and then send them one after the other. */
  order: 'normal' | 'reverse' | 'shuffle';
  window_ms: number;
  /** Each event is sent this many times more. */
  duplicate: number;
  /** The next so many events never arrive. */
  lose: number;
  delay_ms: number;
  /** Keeps deliveries back until they are released. */
  hold: boolean;
}

const OFF: WebhookSwitches = { order: 'normal', window_ms: 250, duplicate: 0, lose: 0, delay_ms: 0, hold: false };

export interface WebhookEndpoint {
  readonly url: string;
  /** More than one while a secret is being rolled: each signs. */
  readonly secrets: readonly string[];
}

interface Due {
  readonly seq: number;
  readonly event: string;
  readonly attempts: number;
}

const CONCURRENCY = 8;
const ANSWER_WITHIN_MS = 10_000;
const GIVE_UP_AFTER = 200;
/** Real retries take hours; here they start within a fraction of a second and stay below ten. */
const backOff = (attempts: number): number => Math.min(200 * 2 ** (attempts - 1), 10_000);

export type Webhooks = ReturnType<typeof createWebhooks>;

/** Sends recorded events to the one endpoint until it takes them; what is still to be sent survives a restart. */
export function createWebhooks(store: Store, realNow: () => number) {
  let endpoint: WebhookEndpoint | null = null;
  let switches = { ...OFF };
  let timer: NodeJS.Timeout | null = null;
  let closed = false;
  const sending = new Set<number>();
  const under = new Set<Promise<void>>();

  /** Called inside the transaction that records the event. */
  function enqueue(eventId: string): void {
    if (endpoint === null) return;
    const gathered = switches.order !== 'normal';
    const state = switches.lose > 0 ? 'lost' : switches.hold ? 'held' : gathered ? 'gathered' : 'pending';
    if (switches.lose > 0) switches.lose -= 1;
    const due = realNow() + switches.delay_ms + (gathered ? switches.window_ms : 0);
    for (let copy = 0; copy <= switches.duplicate; copy += 1)
      store.run('insert into deliveries (event, state, due) values (?, ?, ?)', eventId, state, due);
  }

  /** Lets held deliveries go, in the order asked for. */
  function release(order: WebhookSwitches['order']): number {
    const held = store.rows(
      "select seq, event, attempts from deliveries where state in ('held', 'gathered') order by seq",
    );
    arranged(
      held.map((row) => Number(row['seq'])),
      order,
    ).forEach((seq, index) =>
      store.run("update deliveries set state = 'pending', due = ?, turn = ? where seq = ?", realNow(), index + 1, seq),
    );
    pump();
    return held.length;
  }

  function pump(): void {
    if (closed || endpoint === null) return;
    if (timer !== null) clearTimeout(timer);
    timer = null;
    releaseGathered();
    const now = realNow();
    for (const next of ready(now)) {
      if (sending.size >= CONCURRENCY) break;
      if (sending.has(next.seq)) continue;
      sending.add(next.seq);
      const done = deliver(next).finally(() => {
        sending.delete(next.seq);
        under.delete(done);
        pump();
      });
      under.add(done);
    }
    const soonest = store.row(
      "select min(due) as due from deliveries where state in ('pending', 'gathered') and due > ?",
      now,
    )?.['due'];
    if (typeof soonest === 'number') {
      timer = setTimeout(pump, Math.max(5, soonest - now));
      timer.unref();
    }
  }

  /** Deliveries with a turn wait for the one before them to be answered. */
  function ready(now: number): Due[] {
    const rows = store.rows(
      "select seq, event, attempts, turn from deliveries where state = 'pending' and due <= ? order by turn, due, seq limit 64",
      now,
    );
    const first = store.row(
      "select min(turn) as turn from deliveries where state = 'pending' and turn > 0 and attempts = 0",
    )?.['turn'];
    return rows
      .filter((row) => Number(row['turn']) === 0 || Number(row['attempts']) > 0 || row['turn'] === first)
      .map((row) => ({ seq: Number(row['seq']), event: String(row['event']), attempts: Number(row['attempts']) }));
  }

  function releaseGathered(): void {
    const oldest = store.row("select min(due) as due from deliveries where state = 'gathered'")?.['due'];
    if (typeof oldest === 'number' && oldest <= realNow()) {
      const order = switches.order;
      const rows = store.rows("select seq from deliveries where state = 'gathered' order by seq");
      arranged(
        rows.map((row) => Number(row['seq'])),
        order,
      ).forEach((seq, index) =>
        store.run(
          "update deliveries set state = 'pending', due = ?, turn = ? where seq = ?",
          realNow(),
          index + 1,
          seq,
        ),
      );
    }
  }

  async function deliver({ seq, event, attempts }: Due): Promise<void> {
    const doc = store.row('select doc from objects where id = ?', event)?.['doc'];
    const status = await send(String(doc));
    if (closed) return;
    if (status >= 200 && status < 300) {
      store.run(
        "update deliveries set state = 'delivered', attempts = ?, status = ? where seq = ?",
        attempts + 1,
        status,
        seq,
      );
      return;
    }
    const state = attempts + 1 >= GIVE_UP_AFTER ? 'failed' : 'pending';
    store.run(
      'update deliveries set state = ?, attempts = ?, status = ?, due = ? where seq = ?',
      state,
      attempts + 1,
      status,
      realNow() + backOff(attempts + 1),
      seq,
    );
  }

  /** The answer's status; 0 where there was none. */
  async function send(body: string): Promise<number> {
    if (endpoint === null) return 0;
    try {
      const response = await fetch(endpoint.url, {
        method: 'POST',
        redirect: 'manual',
        headers: {
          'content-type': 'application/json; charset=utf-8',
          'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
          'stripe-signature': signatureHeader(body, endpoint.secrets, seconds(new Date(realNow()))),
        },
        body,
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      });
      await response.arrayBuffer();
      return response.status;
    } catch {
      return 0;
    }
  }

  return {
    enqueue,
    release,
    pump,
    endpoint: () => endpoint,
    setEndpoint(next: WebhookEndpoint | null): void {
      endpoint = next;
      pump();
    },
    switches: () => ({ ...switches }),
    set(patch: Readonly<Record<string, unknown>>): void {
      switches = checked(switches, patch);
      pump();
    },
    reset(): void {
      switches = { ...OFF };
    },
    /** Sends an event once more, whatever became of its deliveries. */
    redeliver(eventId: string): void {
      store.run("insert into deliveries (event, state, due) values (?, 'pending', ?)", eventId, realNow());
      pump();
    },
    deliveries: (limit: number) => store.rows('select * from deliveries order by seq desc limit ?', limit),
    async close(): Promise<void> {
      closed = true;
      if (timer !== null) clearTimeout(timer);
      await Promise.all(under);
    },
  };
}

/** `t=…,v1=…` over the exact body, one `v1` for each secret. */
export function signatureHeader(body: string, secrets: readonly string[], at: number): string {
  const sign = (secret: string): string => createHmac('sha256', secret).update(`${at}.${body}`).digest('hex');
  return [`t=${at}`, ...secrets.map((secret) => `v1=${sign(secret)}`)].join(',');
}

function arranged(seqs: readonly number[], order: WebhookSwitches['order']): number[] {
  if (order === 'reverse') return [...seqs].reverse();
  if (order === 'normal') return [...seqs];
  return seqs
    .map((seq) => ({ seq, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ seq }) => seq);
}

function checked(before: WebhookSwitches, patch: Readonly<Record<string, unknown>>): WebhookSwitches {
  const next = { ...before } as Record<string, unknown>;
  for (const [name, value] of Object.entries(patch)) {
    if (!(name in OFF)) throw new Error(`unknown webhook switch: ${name}`);
    if (name === 'order' && !['normal', 'reverse', 'shuffle'].includes(String(value)))
      throw new Error('order: normal, reverse or shuffle');
    if (name !== 'order' && typeof value !== typeof OFF[name as keyof WebhookSwitches])
      throw new Error(`${name}: wrong kind`);
    next[name] = value;
  }
  return next as unknown as WebhookSwitches;
}
