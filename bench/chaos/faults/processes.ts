import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { WORKERS } from '../../../dev/launcher/commands/chaos-shop.js';
import { PATCHES } from '../../../src/workflows/patches.js';
import { isWell } from '../health.js';
import type { Shop } from '../shop.js';
import { seconds, type Fault } from './types.js';

const UP_WITHIN_MS = 120_000;

/** kill -9, and down for a while. */
export const kill: Fault = {
  what: ({ forMs }) => `killed, down for ${seconds(forMs)}`,
  impossible: ({ shop }, { target }) => (shop.has(target) ? undefined : `${target} is not there`),
  hurt({ shop }, { target }) {
    const before = shop.wishOf(target);
    shop.wish(target, { ...before, held: true });
    shop.kill(target);
    return () => shop.wish(target, before);
  },
};

/** What Redis knew is gone with it. */
export const killRedis: Fault = {
  ...kill,
  async hurt(place, planned) {
    const heal = await kill.hurt(place, planned);
    return () => {
      rmSync(join(place.shop.folder, 'redis', 'dump.rdb'), { force: true });
      return heal();
    };
  },
};

export const killTree: Fault = {
  what: ({ forMs }) => `everything killed with its launcher, down for ${seconds(forMs)}`,
  async hurt({ shop }) {
    await shop.killAll();
    return () => shop.start();
  },
};

export const freeze: Fault = {
  what: ({ forMs }) => `frozen for ${seconds(forMs)}`,
  hurt({ shop }, { target }) {
    shop.freeze(target);
    return () => shop.wake(target);
  },
};

/** One worker after another with other patches of flows asleep: all of them is the version before. */
const roll = (what: string, asleep: readonly string[]): Fault => ({
  what: () => what,
  async hurt({ shop }, { forMs }) {
    for (const name of WORKERS) {
      shop.wish(name, { env: { DORMANT_PATCHES: asleep.join(',') } });
      await replace(shop, name);
      if (name !== WORKERS.at(-1)) await sleep(forMs);
    }
    return () => undefined;
  },
});

export const rollForward = roll('rolled to the version of today', []);
export const rollBack = roll('rolled back to the version before', PATCHES);

/** Its wall clock alone: time-outs go on as they should. */
export const clockOff: Fault = {
  what: ({ force }) => `its clock 2 minutes ${force < 0.5 ? 'fast' : 'slow'}`,
  impossible: ({ clock }) => (typeof clock === 'string' ? clock : undefined),
  async hurt({ shop, clock }, { target, force }) {
    if (typeof clock === 'string') throw new Error(clock);
    const env = shop.wishOf(target)?.env;
    shop.wish(target, {
      env: {
        ...env,
        LD_PRELOAD: clock.library,
        FAKETIME: force < 0.5 ? '+120' : '-120',
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
      },
    });
    await replace(shop, target);
    return async () => {
      shop.wish(target, env === undefined ? undefined : { env });
      await replace(shop, target);
    };
  },
};

/** Ends gracefully and is started again with what is wished for now. */
async function replace(shop: Shop, name: string): Promise<void> {
  await shop.end(name);
  for (const end = Date.now() + UP_WITHIN_MS; Date.now() < end; await sleep(250)) if (await isWell(shop, name)) return;
  throw new Error(`${name} did not come back`);
}
