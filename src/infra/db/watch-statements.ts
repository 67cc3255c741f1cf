import type { Pool, PoolClient } from 'pg';

export interface PoolCounts {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
}

/** Sees what is sent to PostgreSQL: a statement by its first word alone, as statements carry values. */
export interface DatabaseWatch {
  /** Called in the context of who sends the statement; what it returns is called when the statement ended. */
  statement(verb: string): (failed: boolean) => void;
  pool?(counts: PoolCounts): void;
}

const VERBS: ReadonlySet<string> = new Set([
  ...['select', 'insert', 'update', 'delete', 'with', 'begin', 'commit', 'rollback', 'savepoint', 'release', 'set'],
]);

export function watchPool(pool: Pool, watches: readonly DatabaseWatch[]): void {
  for (const watch of watches) watch.pool?.(pool);
  pool.on('connect', (client) => watchClient(client, watches));
}

type Send = (...args: unknown[]) => unknown;

function watchClient(client: PoolClient, watches: readonly DatabaseWatch[]): void {
  const send = client.query.bind(client) as Send;
  const watched: Send = (statement, ...rest) => {
    const ends = watches.map((watch) => watch.statement(verbOf(statement)));
    const end = (failed: boolean): void => ends.forEach((each) => each(failed));
    const sent = send(statement, ...rest);
    if (sent instanceof Promise)
      sent.then(
        () => end(false),
        () => end(true),
      );
    // a cursor: its rows are read later
    else end(false);
    return sent;
  };
  Object.assign(client, { query: watched });
}

function verbOf(statement: unknown): string {
  const text = typeof statement === 'string' ? statement : ((statement as { text?: unknown } | null)?.text ?? '');
  const verb = typeof text === 'string' ? (/[a-z]+/i.exec(text)?.[0].toLowerCase() ?? '') : '';
  return VERBS.has(verb) ? verb : 'other';
}
