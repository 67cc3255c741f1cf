import { join } from 'node:path';
import { createApplications } from '../applications.js';
import { followLog } from '../follow.js';
import type { Console } from '../console.js';
import type { Services } from '../session.js';
import type { Command } from './command.js';
import { openWatchedSession } from './watched-session.js';

export const devCommand: Command = {
  summary: 'services that stay up, API and worker that reload when a file changes; --fresh',
  staysUp: true,
  async run(invocation) {
    const { console, lifetime } = invocation;
    const { session, failure } = await openWatchedSession(invocation, 'dev');
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

function showAddresses({ env, folder }: Services, console: Console): void {
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
