import type { Console } from '../../dev/launcher/console.js';
import type { Lifetime } from '../../dev/launcher/lifetime.js';
import { firstPortOf, freePort } from '../../dev/launcher/ports.js';
import { openProfile } from '../../dev/launcher/profile.js';
import { loadConfig } from '../../src/config.js';
import { PATCHES } from '../../src/workflows/patches.js';
import { startBalancer } from './balancer.js';
import type { Stage } from './contracts.js';
import { findClock } from './faults/clock.js';
import { mountSmallDisk } from './faults/disk.js';
import type { FaultPlace } from './faults/types.js';
import type { ChaosOptions } from './options.js';
import type { Schedule } from './schedule.js';
import { createShop, PROFILE, type Shop } from './shop.js';
import { stockShelves } from './stock.js';

export interface OpenStage {
  readonly stage: Stage;
  readonly shop: Shop;
  readonly place: FaultPlace;
  /** What went wrong with the stage itself; grows while the run goes on. */
  readonly problems: string[];
}

/** Everything anew: an empty shop with goods on its shelves, behind a balancer, and what faults need. Ends with `lifetime`. */
export async function openStage(
  root: string,
  { kinds, seed }: ChaosOptions,
  { faults }: Schedule,
  { console, lifetime }: { readonly console: Console; readonly lifetime: Lifetime },
): Promise<OpenStage> {
  const disk = kinds.includes('disk-full') ? await mountSmallDisk(root) : 'the disk is to stay as it is';
  if (typeof disk !== 'string') lifetime.defer(() => disk.unmount());
  const clock = kinds.includes('clock-off')
    ? await findClock(root, (text) => console.step('clock', text))
    : 'clocks are to stay as they are';
  const port = await freePort(firstPortOf(openProfile(root, PROFILE).owner), new Set());
  const balancer = await startBalancer(port);
  lifetime.defer(() => balancer.close());

  const problems: string[] = [];
  // A roll forward needs a version to come from.
  const firstRoll = faults.find(({ kind }) => kind.startsWith('roll'));
  const env = { DORMANT_PATCHES: firstRoll?.kind === 'roll-worker' ? PATCHES.join(',') : '' };
  const onEnd = (code: number | null): unknown => problems.push(`the launcher ended by itself with code ${code}`);
  const shop = createShop({ root, port, env, console, onEnd });
  lifetime.defer(async () => {
    if (typeof disk !== 'string') disk.free();
    await shop.stop();
  });
  await shop.start({ fresh: true });
  balancer.serve(Object.values(shop.apiPorts));
  const stage: Stage = { origin: balancer.origin, env: shop.env };
  await stockShelves(loadConfig({ ...process.env, ...stage.env }), seed);
  return { stage, shop, place: { shop, disk, clock }, problems };
}
