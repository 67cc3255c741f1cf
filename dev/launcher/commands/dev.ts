import { join } from 'node:path';
import { createApplications } from '../applications.js';
import { followLog } from '../follow.js';
import { openSession } from '../session.js';
import { SERVICES } from '../services/index.js';
import { readOptions, type Command } from './command.js';
import { showAddresses } from './demo.js';

export const devCommand: Command = {
  summary: 'services that stay up, API and worker that reload when a file changes; --fresh',
  staysUp: true,
  async run({ root, args, console, lifetime }) {
    const options = readOptions(args);
    const session = await openSession(
      {
        root,
        profile: options.profile ?? 'dev',
        services: SERVICES,
        fresh: options.fresh,
        command: 'dev',
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
    const applications = createApplications(session, console, { reload: true });
    await applications.migrate();
    for (const name of ['api', 'worker'])
      lifetime.defer(
        followLog(join(session.services.folder, 'logs', `${name}.log`), (line) =>
          console.line(`${name.padEnd(6)} | ${line}`),
        ),
      );
    await Promise.all([applications.startWorker(), applications.startApi()]);
    await applications.importSample();
    showAddresses(session.services, console);
    return failure;
  },
};
