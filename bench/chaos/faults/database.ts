import pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { seconds, type Fault } from './types.js';

/** Writes fail, and PostgreSQL itself may fall and not get up before there is room again. */
export const diskFull: Fault = {
  what: ({ forMs }) => `no byte left on its disk for ${seconds(forMs)}`,
  impossible: ({ disk }) => (typeof disk === 'string' ? disk : undefined),
  hurt({ disk }) {
    if (typeof disk === 'string') throw new Error(disk);
    // What is freed meanwhile is filled again.
    disk.fill();
    const timer = setInterval(() => disk.fill(), 500);
    return () => {
      clearInterval(timer);
      disk.free();
    };
  },
};

/** The shop's connections are ended, and we take every one that is free. */
export const poolExhausted: Fault = {
  what: ({ forMs }) => `no connection left for ${seconds(forMs)}`,
  async hurt({ shop }) {
    const taken: pg.Client[] = [];
    const over = new AbortController();
    const connectionString = shop.env['DATABASE_URL'] ?? '';
    await takeAll(connectionString, taken);
    await taken[0]?.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'perdure-%'",
    );
    const taking = (async () => {
      for (; !over.signal.aborted; await sleep(100)) await takeAll(connectionString, taken);
    })();
    return async () => {
      over.abort();
      await taking;
      await Promise.all(taken.map((client) => client.end().catch(() => undefined)));
    };
  },
};

/** One after another until PostgreSQL refuses. */
async function takeAll(connectionString: string, taken: pg.Client[]): Promise<void> {
  for (;;) {
    const client = new pg.Client({ connectionString, connectionTimeoutMillis: 2_000, application_name: 'chaos' });
    client.on('error', () => undefined);
    try {
      await client.connect();
      taken.push(client);
    } catch {
      return void client.end().catch(() => undefined);
    }
  }
}
