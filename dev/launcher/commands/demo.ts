import { createApplications } from '../applications.js';
import type { Command } from './command.js';
import { openWatchedSession } from './watched-session.js';

/** So that a customer who leaves is seen to lose the goods. */
const SHORT_RESERVATION_MS = '15000';

export const demoCommand: Command = {
  summary: 'everything, with scripted shoppers; --once ends after them, --fresh empties the data first',
  staysUp: true,
  async run(invocation) {
    const { console } = invocation;
    const { options, session, failure } = await openWatchedSession(invocation, 'demo');
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
