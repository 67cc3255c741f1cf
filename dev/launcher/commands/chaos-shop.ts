import { SHOP_SETTINGS } from '../../../bench/chaos/contracts.js';
import { wakeAll } from '../../../bench/chaos/wake.js';
import { createApplications, SMALL_HEAP } from '../applications.js';
import { openProfile } from '../profile.js';
import { openSession } from '../session.js';
import { SERVICES } from '../services/index.js';
import { readOptions, type Command } from './command.js';

/** Several of each, which the faults choose from. */
export const APIS = ['api-1', 'api-2'];
export const WORKERS = ['worker-1', 'worker-2'];

/** Beside what every process of ours finds in its environment. */
export const CHAOS_ENV = { NODE_ENV: 'production', TRUSTED_PROXIES: '1', MALLOC_ARENA_MAX: '2', ...SHOP_SETTINGS };

export const chaosShopCommand: Command = {
  summary: 'the shop of `chaos`: production builds, two APIs and two workers, started again whenever they end',
  staysUp: true,
  async run({ root, args, console, lifetime }) {
    // Whoever started us may be killed: then nobody reads this, and there is still everything to stop.
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
    const { fresh, profile = 'chaos' } = readOptions(args);
    const session = await openSession(
      {
        ...{ root, profile, services: SERVICES, fresh, command: 'chaos-shop' },
        ...{ nodeEnv: 'development', strict: false, lenient: false, keptAlive: true },
      },
      lifetime,
      console,
    );
    lifetime.defer(() => wakeAll(session.services.folder));
    const env = { ...session.services.env, ...CHAOS_ENV };
    const opened = { ...session, services: { ...session.services, env } };
    const applications = createApplications(opened, console, { compiled: { nodeArguments: SMALL_HEAP } });
    await applications.migrate();
    const ports = openProfile(root, profile);
    await Promise.all([
      ...WORKERS.map((name) => applications.startWorker({ name, env: {} })),
      ...APIS.map(async (name) => applications.startApi({ name, env: { PORT: String(await ports.port(name)) } })),
    ]);
    await applications.importSample();
    process.send?.({ up: true });
    return new Promise<number>(() => undefined);
  },
};
