import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { LEAKED, OVERSOLD, type Found } from './facts.js';
import type { LeakLook } from './judge.js';

/** How many breaches there were at a moment; null: the database could not be asked. */
export interface Sample {
  readonly atMs: number;
  readonly oversold: number | null;
  readonly charged: number | null;
  readonly leaked: number | null;
}

/** Looks at the promises while everything breaks around them. */
export interface Invariants {
  samples(): readonly Sample[];
  /** What leaked at each of these moments. */
  leaks(): readonly LeakLook[];
  close(): Promise<void>;
}

const EVERY_MS = 5_000;
const ANSWER_WITHIN_MS = 5_000;

/** Money that is left without an order for longer than it takes to give it back. */
const CHARGED = `
  select l.checkout_id from payment_ledger l
  where not exists (select from orders o where o.checkout_id = l.checkout_id)
  group by l.checkout_id
  having sum(case l.type when 'refund' then -l.amount else l.amount end) <> 0 and min(l.created_at) < now() - interval '5 minutes'`;

const ALL = `select (select count(*) from (${OVERSOLD}) o)::integer as oversold,
  (select count(*) from (${CHARGED}) c)::integer as charged, 
  (select coalesce(jsonb_agg(ids), '[]') from (${LEAKED}) k) as leaks`;

type Seen = Pick<Sample, 'oversold' | 'charged'> & { readonly leaks: readonly Found['ids'][] | null };

export function watchInvariants(databaseUrl: string, now: () => number): Invariants {
  const samples: Sample[] = [];
  const leaks: LeakLook[] = [];
  const closing = new AbortController();
  const connected: { client: pg.Client | null } = { client: null };

  async function connect(): Promise<pg.Client> {
    const fresh = new pg.Client({
      ...{ connectionString: databaseUrl, application_name: 'perdure-chaos' },
      ...{ connectionTimeoutMillis: ANSWER_WITHIN_MS, query_timeout: ANSWER_WITHIN_MS },
    });
    // That it goes away is what it is watched for: the next look finds out.
    fresh.on('error', () => undefined);
    await fresh.connect();
    return fresh;
  }

  async function look(): Promise<Seen> {
    try {
      connected.client ??= await connect();
      const { rows } = await connected.client.query<Seen>(ALL);
      return rows[0] ?? UNKNOWN;
    } catch {
      void connected.client?.end().catch(() => undefined);
      connected.client = null;
      return UNKNOWN;
    }
  }

  const looking = (async () => {
    while (!closing.signal.aborted) {
      const atMs = now();
      const { leaks: leaked, ...counts } = await look();
      samples.push({ atMs, ...counts, leaked: leaked?.length ?? null });
      leaks.push({ atMs, leaked });
      await sleep(EVERY_MS, undefined, { signal: closing.signal }).catch(() => undefined);
    }
    await connected.client?.end().catch(() => undefined);
  })();

  return {
    samples: () => samples,
    leaks: () => leaks,
    async close() {
      closing.abort();
      await looking;
    },
  };
}

const UNKNOWN: Seen = { oversold: null, charged: null, leaks: null };
