import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import type { IntentTotals } from '../../dev/stripe/ledger.js';
import { loadConfig } from '../../src/config.js';
import { openJson, type Sealed } from '../../src/domain/kernel/cipher.js';
import { orderContext, type Contact } from '../../src/domain/orders/index.js';
import { createCipher } from '../../src/infra/crypto/aes-cipher.js';
import { createClient, type StripeConnection } from '../../src/infra/stripe/client.js';
import { NEEDS_ATTENTION } from '../../src/workflows/attributes.js';
import type { Stage } from './contracts.js';

export interface CheckoutRow {
  readonly id: string;
  readonly status: string;
  readonly closed: boolean;
  /** Why it failed; empty where it did not. */
  readonly code: string;
  /** Pieces that are still reserved for it. */
  readonly live: number;
}

export interface OrderRow {
  readonly id: string;
  readonly number: string;
  readonly checkout: string;
  readonly cart: string;
  readonly status: string;
  readonly provider: string;
  readonly total: number;
  /** Whose it is, opened. */
  readonly email: string;
}

export interface RefundRow {
  readonly id: string;
  readonly order: string;
  readonly status: string;
  readonly amount: number;
}

export interface Found {
  readonly what: string;
  readonly ids: Readonly<Record<string, string>>;
}

/** A payment as it was asked for, whatever became of it. */
export interface Asked {
  readonly intent: string;
  readonly checkout: string;
  readonly attempt: string;
  /** The key under which it was; the SDK makes one up for who names none. */
  readonly key: string | null;
}

/** A message that an order's customer is to get, as the shop wrote it down. */
export interface Notice {
  readonly id: string;
  readonly order: string;
  readonly event: string;
  /** What an event is about that an order may meet more than once; empty else. */
  readonly about: string;
  readonly channel: string;
}

export interface Message {
  readonly to: string;
  /** A mail's subject, or the text of an SMS. */
  readonly text: string;
  /** What stands before the @ of the Message-ID, or the client reference: the same for a repeat, and its notice's. */
  readonly id: string;
}

/** What there is when all has settled, read from where it is kept. */
export interface Facts {
  readonly checkouts: readonly CheckoutRow[];
  readonly orders: readonly OrderRow[];
  readonly refunds: readonly RefundRow[];
  /** The provider's side; minor units. */
  readonly intents: readonly Pick<IntentTotals, 'intent' | 'metadata' | 'net' | 'held' | 'captures' | 'refunded'>[];
  readonly asked: readonly Asked[];
  /** Those that our attempts have. */
  readonly keys: readonly string[];
  readonly oversold: readonly Found[];
  readonly leaked: readonly Found[];
  /** Messages that nobody sent, and password resets that nobody answered. */
  readonly unsent: readonly Found[];
  readonly notices: readonly Notice[];
  readonly mails: readonly Message[];
  readonly texts: readonly Message[];
  /** Flows that asked for attention at some time, and those that still do. */
  readonly parked: number;
  readonly parkedNow: readonly string[];
}

/** What there is more sold of than there ever was. */
export const OVERSOLD = `
  select format('%s sold, %s came in', sold, came) as what, jsonb_build_object('variant', variant_id) as ids
  from (select variant_id, sum(quantity - restocked) as sold from order_lines group by variant_id) l
  join (select variant_id, sum(delta) as came from stock_movements where reason in ('import', 'adjustment')
        group by variant_id) m using (variant_id)
  where sold > came`;

/** Stock that is kept for nobody, and counters that do not say what is reserved. */
export const LEAKED = `
  select format('%s pieces reserved for nobody', r.quantity) as what,
    jsonb_strip_nulls(jsonb_build_object('reservation', r.id, 'checkout', r.checkout_id, 'hold', r.hold_id)) as ids
  from reservations r left join checkouts k on k.id = r.checkout_id left join cart_holds h on h.id = r.hold_id
  where r.state = 'live' and case when r.checkout_id is null then h.state is distinct from 'live' or
    h.expires_at < now() - interval '1 minute' else k.closed_at is not null or k.id is null end
  union all
  select format('reserved %s, live reservations %s', s.reserved, coalesce(r.quantity, 0)),
    jsonb_build_object('variant', s.variant_id)
  from stock_levels s left join (select variant_id, sum(quantity) as quantity from reservations where state = 'live'
    group by variant_id) r using (variant_id)
  where s.reserved <> coalesce(r.quantity, 0)`;

// Of password resets only what was given up: a request that was answered 503 waits for its repeat, and whoever was told that it is
// accepted is looked for in the inbox.
const UNSENT = `
  select format('%s by %s is %s', event, channel, status) as what, jsonb_build_object('notification', id) as ids
  from notifications where status in ('pending', 'failed') and created_at < now() - interval '20 seconds'
  union all
  select format('password reset is %s', status), jsonb_build_object('reset', id)
  from password_resets where status = 'undeliverable' and created_at < now() - interval '20 seconds'`;

const NOTICES = `
  select id, subject_id as "order", event, coalesce(about::text, '') as about, channel from notifications
  where subject_type = 'order'`;

const CHECKOUTS = `
  select k.id, k.status, k.closed_at is not null as closed, coalesce(k.failure_code, '') as code, coalesce(r.live, 0)::integer as live
  from checkouts k left join (select checkout_id, sum(quantity) as live from reservations where state = 'live'
    group by checkout_id) r on r.checkout_id = k.id`;

const ORDERS = `
  select o.id, o.number, o.checkout_id as checkout, o.cart_id as cart, o.status, coalesce(p.provider, '') as provider,
    o.total_amount::float8 as total, o.contact
  from orders o left join payments p on p.order_id = o.id`;

const REFUNDS = 'select id, order_id as "order", status, amount::float8 as amount from refunds';

/** @throws when one of the services does not answer */
export async function gatherFacts({ env }: Stage): Promise<Facts> {
  const config = loadConfig({ ...process.env, ...env });
  const database = new pg.Client({ connectionString: config.database.url, application_name: 'perdure-chaos' });
  const connection = await Connection.connect({ address: config.temporal.address });
  await database.connect();
  try {
    const rows = async <T extends pg.QueryResultRow>(sql: string): Promise<T[]> => (await database.query<T>(sql)).rows;
    const cipher = createCipher(config.encryption);
    const orders = await rows<Omit<OrderRow, 'email'> & { contact: Sealed }>(ORDERS);
    const flows = new Client({ connection, namespace: config.temporal.namespace }).workflow;
    const ours = `TaskQueue = '${config.temporal.taskQueue}'`;
    const parkedNow: string[] = [];
    for await (const { workflowId } of flows.list({
      query: `${ours} AND ${NEEDS_ATTENTION.name} = true AND ExecutionStatus = 'Running'`,
    }))
      parkedNow.push(workflowId);
    const { intents } = await read<{ intents: Facts['intents'] }>(`${env['STRIPE_LEDGER_URL']}/ledger.json`);
    return {
      checkouts: await rows<CheckoutRow>(CHECKOUTS),
      orders: orders.map(({ contact, ...order }) => ({
        ...order,
        email: openJson<Contact>(cipher, contact, orderContext('contact', order.id)).email,
      })),
      refunds: await rows<RefundRow>(REFUNDS),
      intents,
      asked: await readAsked(config.stripe),
      keys: (await rows<{ key: string }>('select key from payment_attempts')).map(({ key }) => key),
      oversold: await rows<Found & pg.QueryResultRow>(OVERSOLD),
      leaked: await rows<Found & pg.QueryResultRow>(LEAKED),
      unsent: await rows<Found & pg.QueryResultRow>(UNSENT),
      notices: await rows<Notice>(NOTICES),
      mails: await readMails(env['INBOX_URL'] ?? ''),
      texts: await readTexts(env['SMS_LOG_URL'] ?? ''),
      parked: (await flows.count(`${ours} AND ${NEEDS_ATTENTION.name} IS NOT NULL`)).count,
      parkedNow,
    };
  } finally {
    await database.end();
    await connection.close();
  }
}

/** From the provider's events, which name the request that made them. */
export async function readAsked(connection: Pick<StripeConnection, 'secretKey' | 'apiUrl'>): Promise<Asked[]> {
  const asked: Asked[] = [];
  const client = createClient({ ...connection, timeoutMs: 60_000 });
  for await (const event of client.events.list({ type: 'payment_intent.created', limit: 100 })) {
    if (event.type !== 'payment_intent.created') continue;
    const { id: intent, metadata } = event.data.object;
    const ids = { checkout: metadata['checkout_id'] ?? '', attempt: metadata['attempt'] ?? '' };
    asked.push({ intent, ...ids, key: event.request?.idempotency_key ?? null });
  }
  return asked;
}

const PAGE = 500;

interface Mail {
  readonly to?: readonly { readonly address: string }[];
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
}

const bare = (messageId: string): string => /^<(.+)@[^@]*>$/.exec(messageId)?.[1] ?? messageId;

async function readMails(inbox: string): Promise<Message[]> {
  const found: Message[] = [];
  for (let skip = 0; ; skip += PAGE) {
    const page = await read<readonly Mail[]>(`${inbox}/api/email?sort=asc&skip=${skip}&limit=${PAGE}`);
    for (const { to = [], subject, headers } of page)
      found.push({ to: to[0]?.address ?? '', text: subject, id: bare(headers['message-id'] ?? '') });
    if (page.length < PAGE) return found;
  }
}

async function readTexts(url: string): Promise<Message[]> {
  const all = await read<readonly { to: string; text: string; client_ref: string | null }[]>(`${url}/log.json`);
  return all.map(({ to, text, client_ref: id }) => ({ to: `+${to}`, text, id: id ?? '' }));
}

async function read<T>(url: string): Promise<T> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(60_000) });
  if (!answer.ok) throw new Error(`GET ${url} answered ${answer.status}`);
  return (await answer.json()) as T;
}
