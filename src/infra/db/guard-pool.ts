import type { Pool, PoolClient } from 'pg';
import type { Socket } from 'node:net';

/** What `pg` has and does not declare. */
type Client = PoolClient & { readonly connection: { readonly stream: Socket } };

/**
 * Keeps the pool's places from being lost. A connection that ends while it is taken gives its place back at once: Kysely
 * releases none whose `commit` or `rollback` failed. One that says nothing for `silenceMs` though something was asked,
 * as behind a frozen server or a network that swallows packets, is ended: the call fails as for any lost connection.
 */
export function guardPool(pool: Pool, silenceMs: number): void {
  const taken = new WeakSet<PoolClient>();
  pool.on('acquire', (client) => taken.add(client));
  pool.on('release', (_error, client) => taken.delete(client));
  pool.on('connect', (connected) => {
    const client = connected as Client;
    const { stream } = client.connection;
    stream.setTimeout(silenceMs);
    stream.on('timeout', () => {
      if (taken.has(client)) stream.destroy();
    });
    client.once('end', () => {
      if (!taken.has(client)) return;
      client.release(true);
      // Whoever had it may release it too.
      client.release = () => undefined;
    });
  });
}
