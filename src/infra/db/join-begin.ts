import type { ClientBase, QueryResult } from 'pg';

type Send = (text: unknown, ...rest: unknown[]) => Promise<QueryResult | QueryResult[]>;

/** What PostgreSQL would have answered; nobody reads more of it. */
const answer = (command: string) => ({ command, rowCount: null, rows: [] }) as unknown as QueryResult;

/**
 * Sends each `begin` in one message with the statement after it: a transaction is one round trip shorter, and one that has no
 * statement is none at all. For clients that are used as the ORM uses them: promises, one statement after the other.
 */
export function joinBegin(client: ClientBase): void {
  const send = client.query.bind(client) as unknown as Send;
  let begun = false;

  const join: Send = async (text, ...rest) => {
    if (text === 'begin') {
      begun = true;
      return answer('BEGIN');
    }
    begun = false;
    if (text === 'commit' || text === 'rollback') return answer(text.toUpperCase());
    if (typeof text === 'string' && isPlain(rest)) {
      const results = await send(`begin; ${text}`);
      return Array.isArray(results) ? (results.at(-1) as QueryResult) : results;
    }
    await send('begin');
    return send(text, ...rest);
  };

  // Anything else goes its usual way, also what is no promise, such as a cursor.
  const query = (text: unknown, ...rest: unknown[]): unknown =>
    begun || text === 'begin' ? join(text, ...rest) : send(text, ...rest);
  client.query = query as ClientBase['query'];
}

/** Several statements in one message take no values beside them. */
const isPlain = ([values]: readonly unknown[]): boolean => !Array.isArray(values) || values.length === 0;
