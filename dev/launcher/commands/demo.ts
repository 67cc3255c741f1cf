import { createApplications } from '../applications.js';
import type { Console } from '../console.js';
import { openSession, type Services } from '../session.js';
import { SERVICES } from '../services/index.js';
import { readOptions, type Command } from './command.js';

/** So that a customer who leaves is seen to lose the goods. */
const SHORT_RESERVATION_MS = '15000';

export const demoCommand: Command = {
  summary: 'everything, with scripted shoppers; --once ends after them, --fresh empties the data first',
  staysUp: true,
  async run({ root, args, console, lifetime }) {
    const options = readOptions(args);
    const session = await openSession(
      {
        root,
        profile: options.profile ?? 'demo',
        services: SERVICES,
        fresh: options.fresh,
        command: 'demo',
        nodeEnv: 'development',
        strict: false,
        lenient: false,
      },
      lifetime,
      console,
    );
    const failure = new Promise<number>((resolve) => {
      session.supervisor.onUnexpectedEnd((name, code, lastLines) => {
        console.line(`${name} ended with code ${code}; its last lines:\n${lastLines}`);
        resolve(1);
      });
    });
    const env = { CHECKOUT_RESERVATION_MS: process.env['CHECKOUT_RESERVATION_MS'] ?? SHORT_RESERVATION_MS };
    const services = { ...session.services, env: { ...session.services.env, ...env } };
    const applications = createApplications({ ...session, services }, console, { reload: false });
    await applications.migrate();
    await Promise.all([applications.startWorker(), applications.startApi()]);
    await applications.importSample();
    const { runDemo } = await import('../../demo/main.js');
    const went = await Promise.race([runDemo(services, console), failure.then(() => false)]);
    if (options.once) return went ? 0 : 1;
    console.line('Up until Ctrl-C.');
    return failure;
  },
};

export function showAddresses({ env, folder }: Services, console: Console): void {
  const url = env['PUBLIC_URL'] ?? '';
  console.line('');
  console.table([
    { open: 'API', at: `${url}/api/v1` },
    { open: 'API documentation', at: `${url}/docs` },
    ...(env['TEMPORAL_UI_URL'] ? [{ open: 'Temporal UI', at: env['TEMPORAL_UI_URL'] }] : []),
    ...(env['INBOX_URL'] ? [{ open: 'inbox', at: env['INBOX_URL'] }] : []),
    { open: 'logs', at: `${folder}/logs` },
  ]);
  console.line('');
}
