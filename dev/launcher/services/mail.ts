import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startComposed } from '../compose.js';
import type { Found, Service } from '../service.js';

export const mail: Service = {
  name: 'mail',
  variable: 'SMTP_URL',
  advice: 'run `npm ci`, or set SMTP_URL (and INBOX_URL for tests)',
  ways: {
    async environment({ env }) {
      const url = new URL(env['SMTP_URL'] ?? '');
      await greet(url.hostname, Number(url.port || 25));
      const inbox = env['INBOX_URL'];
      return {
        from: 'SMTP_URL',
        version: 'SMTP',
        address: url.host,
        env: { SMTP_URL: url.href, ...(inbox === undefined ? {} : { INBOX_URL: inbox }) },
      };
    },
    async local({ profile, supervisor }) {
      const folder = dirname(dirname(fileURLToPath(import.meta.resolve('maildev'))));
      const [smtp, web] = [await profile.port('smtp'), await profile.port('inbox')];
      await supervisor.start({
        name: 'mail',
        command: process.execPath,
        args: [
          join(folder, 'dist', 'bin', 'maildev.js'),
          ...['--smtp', String(smtp), '--ip', '127.0.0.1', '--web', String(web), '--web-ip', '127.0.0.1'],
          ...['--mail-directory', profile.subfolder('mail'), '--max-emails', '20000'],
        ],
        probe: async () => (await inboxAnswers(web)) && (await greet('127.0.0.1', smtp)),
      });
      const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
      return mailAt(smtp, web, 'maildev', version);
    },
    async docker(context) {
      const [smtp, web] = [await context.profile.port('smtp'), await context.profile.port('inbox')];
      await startComposed(context, 'mail', { SMTP_PORT: String(smtp), INBOX_PORT: String(web) });
      return mailAt(smtp, web, 'Docker Compose', 'maildev');
    },
  },
};

function mailAt(smtp: number, web: number, from: string, version: string): Found {
  const inbox = `http://127.0.0.1:${web}`;
  return {
    from,
    version,
    address: `127.0.0.1:${smtp}, inbox ${inbox}`,
    env: { SMTP_URL: `smtp://127.0.0.1:${smtp}`, INBOX_URL: inbox },
  };
}

async function inboxAnswers(port: number): Promise<boolean> {
  return (await fetch(`http://127.0.0.1:${port}/api/healthz`, { signal: AbortSignal.timeout(2_000) })).ok;
}

/** A server that speaks SMTP greets with 220. */
function greet(host: string, port: number): Promise<true> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: 3_000 });
    socket.once('data', (data) => {
      socket.end('QUIT\r\n');
      if (data.toString().startsWith('220')) resolve(true);
      else reject(new Error('what answers there does not speak SMTP'));
    });
    socket.once('timeout', () => socket.destroy(new Error('no SMTP server answers there')));
    socket.once('error', reject);
  });
}
