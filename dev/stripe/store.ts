import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import type Stripe from 'stripe';
import type { Range } from './params.js';

export interface Kinds {
  payment_intent: Stripe.PaymentIntent;
  charge: Stripe.Charge;
  refund: Stripe.Refund;
  payment_method: Stripe.PaymentMethod;
  event: Stripe.Event;
}
export type Kind = keyof Kinds;

export interface ListQuery {
  readonly limit: number;
  readonly created?: Range;
  readonly parent?: string | null;
  readonly startingAfter?: string | null;
  readonly endingBefore?: string | null;
}

export interface Placement {
  /** What it belongs to: a charge's intent, a refund's intent, an event's type. */
  readonly parent?: string | null;
  /** When the simulator must look at it again, in ms. */
  readonly due?: number | null;
}

const SCHEMA = `
  create table if not exists objects (seq integer primary key autoincrement, id text not null unique, kind text not null,
    created integer not null, parent text, due integer, doc text not null);
  create index if not exists objects_kind on objects (kind, seq);
  create index if not exists objects_created on objects (kind, created);
  create index if not exists objects_parent on objects (parent) where parent is not null;
  create index if not exists objects_due on objects (due) where due is not null;
  create table if not exists keys (key text primary key, at integer not null, fingerprint text not null, status integer not null,
    body text not null, request text not null);
  create index if not exists keys_at on keys (at);
  create table if not exists movements (seq integer primary key autoincrement, id text not null, type text not null,
    intent text not null, amount integer not null, currency text not null, metadata text not null, created integer not null);
  create index if not exists movements_intent on movements (intent);
  create table if not exists deliveries (seq integer primary key autoincrement, event text not null, state text not null,
    due integer not null, attempts integer not null default 0, status integer, turn integer not null default 0);
  create index if not exists deliveries_due on deliveries (state, due);
  create table if not exists meta (name text primary key, value text not null);
`;

export type Store = ReturnType<typeof createStore>;

/**
 * Everything the simulator knows, in one SQLite file that survives a kill of the process;
 * in memory where `dataDir` is null. Objects are kept as the API shows them.
 */
export function createStore(dataDir: string | null) {
  if (dataDir !== null) mkdirSync(dataDir, { recursive: true });
  const db = new DatabaseSync(dataDir === null ? ':memory:' : join(dataDir, 'stripe.sqlite'));
  db.exec('pragma journal_mode = wal; pragma synchronous = normal; pragma busy_timeout = 5000;');
  db.exec(SCHEMA);
  const statements = new Map<string, ReturnType<DatabaseSync['prepare']>>();

  function prepared(sql: string): ReturnType<DatabaseSync['prepare']> {
    const ready = statements.get(sql) ?? db.prepare(sql);
    statements.set(sql, ready);
    return ready;
  }

  const rows = (sql: string, ...values: SQLInputValue[]): Record<string, unknown>[] => prepared(sql).all(...values);
  const row = (sql: string, ...values: SQLInputValue[]): Record<string, unknown> | undefined =>
    prepared(sql).get(...values);
  const run = (sql: string, ...values: SQLInputValue[]): number => Number(prepared(sql).run(...values).changes);

  const parse = <K extends Kind>(doc: unknown): Kinds[K] => JSON.parse(String(doc)) as Kinds[K];

  function seqOf(id: string | null | undefined): number | null {
    const found = id ? row('select seq from objects where id = ?', id) : undefined;
    return found === undefined ? null : Number(found['seq']);
  }

  return {
    rows,
    row,
    run,
    /** All or nothing, and never interleaved: nothing here is asynchronous. */
    transaction<T>(work: () => T): T {
      db.exec('begin immediate');
      try {
        const result = work();
        db.exec('commit');
        return result;
      } catch (error) {
        db.exec('rollback');
        throw error;
      }
    },
    insert<K extends Kind>(kind: K, doc: Kinds[K], { parent = null, due = null }: Placement = {}): void {
      run(
        'insert into objects (id, kind, created, parent, due, doc) values (?, ?, ?, ?, ?, ?)',
        doc.id,
        kind,
        doc.created,
        parent,
        due,
        JSON.stringify(doc),
      );
    },
    update<K extends Kind>(doc: Kinds[K], due: number | null = null): void {
      run('update objects set doc = ?, due = ? where id = ?', JSON.stringify(doc), due, doc.id);
    },
    get<K extends Kind>(kind: K, id: string): Kinds[K] | undefined {
      const found = row('select doc from objects where id = ? and kind = ?', id, kind);
      return found === undefined ? undefined : parse<K>(found['doc']);
    },
    /** Newest first. One more than `limit` may come back: then there are more. */
    list<K extends Kind>(kind: K, query: ListQuery): { data: Kinds[K][]; hasMore: boolean } {
      const after = seqOf(query.startingAfter);
      const before = seqOf(query.endingBefore);
      const where = ['kind = ?', 'created >= ?', 'created <= ?'];
      const values: SQLInputValue[] = [kind, query.created?.gte ?? 0, query.created?.lte ?? Number.MAX_SAFE_INTEGER];
      const narrow = (condition: string, value: SQLInputValue | null | undefined): void => {
        if (value === null || value === undefined) return;
        where.push(condition);
        values.push(value);
      };
      narrow('parent = ?', query.parent);
      narrow('seq < ?', after);
      narrow('seq > ?', before);
      const found = rows(
        `select doc from objects where ${where.join(' and ')} order by seq ${before === null ? 'desc' : 'asc'} limit ?`,
        ...values,
        query.limit + 1,
      );
      const data = found.slice(0, query.limit).map((each) => parse<K>(each['doc']));
      return { data: before === null ? data : data.reverse(), hasMore: found.length > query.limit };
    },
    /** Objects whose time has come. */
    due<K extends Kind>(kind: K, now: number): Kinds[K][] {
      const found = rows('select doc from objects where due is not null and due <= ? and kind = ?', now, kind);
      return found.map((each) => parse<K>(each['doc']));
    },
    meta(name: string): string | null {
      const found = row('select value from meta where name = ?', name);
      return found === undefined ? null : String(found['value']);
    },
    setMeta(name: string, value: string): void {
      run(
        'insert into meta (name, value) values (?, ?) on conflict (name) do update set value = excluded.value',
        name,
        value,
      );
    },
    clear(): void {
      for (const name of ['objects', 'keys', 'movements', 'deliveries', 'meta']) db.exec(`delete from ${name}`);
    },
    close(): void {
      db.close();
    },
  };
}
