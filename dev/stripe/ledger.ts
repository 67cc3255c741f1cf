import type Stripe from 'stripe';
import { type MovementType, newId, seconds } from './account.js';
import type { Store } from './store.js';

export interface Movement {
  readonly id: string;
  readonly type: MovementType;
  readonly intent: string;
  readonly amount: number;
  readonly currency: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Unix seconds. */
  readonly created: number;
}

export interface IntentTotals {
  readonly intent: string;
  readonly currency: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly created: number;
  readonly authorised: number;
  readonly captured: number;
  readonly voided: number;
  readonly refunded: number;
  /** Captured minus refunded. */
  readonly net: number;
  /** Authorised and neither captured nor given back. */
  readonly held: number;
  /** How many captures there were; more than one is never right. */
  readonly captures: number;
}

export interface Ledger {
  movements: Movement[];
  intents: IntentTotals[];
  totals: {
    currency: string;
    authorised: number;
    captured: number;
    voided: number;
    refunded: number;
    net: number;
    held: number;
  }[];
}

const SUMS = `
  sum(case type when 'authorise' then amount else 0 end) as authorised,
  sum(case type when 'capture' then amount else 0 end) as captured,
  sum(case type when 'void' then amount else 0 end) as voided,
  sum(case type when 'refund' then amount when 'refund_reversal' then -amount else 0 end) as refunded,
  sum(case type when 'capture' then 1 else 0 end) as captures`;

export function recordMovement(
  store: Store,
  now: Date,
  type: MovementType,
  intent: Stripe.PaymentIntent,
  amount: number,
): void {
  store.run(
    'insert into movements (id, type, intent, amount, currency, metadata, created) values (?, ?, ?, ?, ?, ?, ?)',
    newId('mov'),
    type,
    intent.id,
    amount,
    intent.currency,
    JSON.stringify(intent.metadata),
    seconds(now),
  );
}

/** All movements, or one intent's, oldest first, with totals by intent and by currency. */
export function readLedger(store: Store, intent: string | null = null): Ledger {
  const where = intent === null ? '' : 'where intent = ?';
  const values = intent === null ? [] : [intent];
  return {
    movements: store.rows(`select * from movements ${where} order by seq`, ...values).map(toMovement),
    intents: store
      .rows(
        `select intent, currency, min(created) as created, metadata, ${SUMS} from movements ${where} group by intent order by min(seq)`,
        ...values,
      )
      .map(toTotals),
    totals: totalsByCurrency(store, intent),
  };
}

/** The newest intents and movements, for the page. */
export function latest(store: Store, limit: number): Ledger {
  return {
    movements: store.rows('select * from movements order by seq desc limit ?', limit).map(toMovement),
    intents: store
      .rows(
        `select intent, currency, min(created) as created, metadata, ${SUMS} from movements group by intent order by min(seq) desc limit ?`,
        limit,
      )
      .map(toTotals),
    totals: totalsByCurrency(store, null),
  };
}

function totalsByCurrency(store: Store, intent: string | null): Ledger['totals'] {
  const where = intent === null ? '' : 'where intent = ?';
  return store
    .rows(
      `select currency, ${SUMS} from movements ${where} group by currency order by currency`,
      ...(intent === null ? [] : [intent]),
    )
    .map((row) => ({ currency: String(row['currency']), ...sums(row) }));
}

function sums(row: Record<string, unknown>) {
  const [authorised, captured, voided, refunded] = ['authorised', 'captured', 'voided', 'refunded'].map((name) =>
    Number(row[name]),
  ) as [number, number, number, number];
  return { authorised, captured, voided, refunded, net: captured - refunded, held: authorised - captured - voided };
}

const toTotals = (row: Record<string, unknown>): IntentTotals => ({
  intent: String(row['intent']),
  currency: String(row['currency']),
  metadata: JSON.parse(String(row['metadata'])) as Record<string, string>,
  created: Number(row['created']),
  ...sums(row),
  captures: Number(row['captures']),
});

const toMovement = (row: Record<string, unknown>): Movement => ({
  id: String(row['id']),
  type: row['type'] as MovementType,
  intent: String(row['intent']),
  amount: Number(row['amount']),
  currency: String(row['currency']),
  metadata: JSON.parse(String(row['metadata'])) as Record<string, string>,
  created: Number(row['created']),
});
