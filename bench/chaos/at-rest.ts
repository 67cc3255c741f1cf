import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../../src/config.js';
import { countMoving } from '../../src/domain/promises/index.js';
import { createOrm } from '../../src/infra/db/orm.js';
import { createQuery } from '../../src/infra/db/transact.js';
import { createTemporalClient, createTemporalConnection } from '../../src/infra/temporal/connection.js';
import { createFlowBook } from '../../src/infra/temporal/flow-book.js';

export interface Rest {
  /** Until nothing moved any more. Milliseconds; null where it never came to rest. */
  readonly afterMs: number | null;
  /** How many still moved. */
  readonly moving: number;
}

const LOOK_MS = 250;

/** Waits until nothing is open any more: checkouts, captures, messages, flows. */
export async function comeToRest(
  config: Pick<Config, 'database' | 'temporal'>,
  withinMs: number,
  signal: AbortSignal,
): Promise<Rest> {
  const orm = createOrm({ url: config.database.url, poolMax: 1, applicationName: 'perdure-chaos' });
  const connection = createTemporalConnection(config.temporal);
  try {
    const query = createQuery(orm);
    const { taskQueue } = config.temporal;
    const flows = createFlowBook({ client: createTemporalClient(connection, config.temporal), taskQueue });
    const started = performance.now();
    for (let moving = 1; ; await sleep(LOOK_MS, undefined, { signal })) {
      moving = await countMoving({ query, flows });
      const afterMs = Math.round(performance.now() - started);
      if (moving === 0) return { afterMs, moving };
      if (afterMs > withinMs) return { afterMs: null, moving };
    }
  } finally {
    await connection.close();
    await orm.close(true);
  }
}
