import { join } from 'node:path';
import { cacheFolder, findOnPath, isExecutable } from '../../bootstrap/folders.js';
import { withLock } from '../../bootstrap/lock.js';
import { goInstall } from '../../bootstrap/temporal.js';
import type { Found, Service, ServiceContext } from '../service.js';

const VERSION = '0.203.0';

/** Stripe's own stateless mock: it refuses requests that the real API would refuse. */
export const stripeMock: Service = {
  name: 'stripe-mock',
  variable: 'STRIPE_MOCK_URL',
  advice: 'install Go, or set STRIPE_MOCK_URL',
  without: "tests against Stripe's mock are skipped",
  ways: {
    async environment({ env }) {
      const url = new URL(env['STRIPE_MOCK_URL'] ?? '');
      return {
        from: 'STRIPE_MOCK_URL',
        version: '-',
        address: url.host,
        env: { STRIPE_MOCK_URL: url.href.replace(/\/$/, '') },
      };
    },
    async local(context) {
      const onPath = findOnPath('stripe-mock');
      if (onPath !== undefined) return startMock(context, onPath, 'stripe-mock on PATH');
      const cached = join(folder(context), 'stripe-mock');
      if (!isExecutable(cached)) throw new Error('stripe-mock is not on PATH');
      return startMock(context, cached, 'compiled with Go, cached');
    },
    async build(context) {
      context.say("compiling Stripe's mock with Go");
      const program = await withLock(`${folder(context)}.lock`, () =>
        goInstall(`github.com/stripe/stripe-mock@v${VERSION}`, folder(context), 'stripe-mock'),
      );
      return startMock(context, program, 'compiled with Go');
    },
  },
};

const folder = ({ profile }: ServiceContext): string => join(cacheFolder(profile.root), `stripe-mock-${VERSION}`);

async function startMock({ profile, supervisor }: ServiceContext, program: string, from: string): Promise<Found> {
  const port = await profile.port('stripe-mock');
  const url = `http://127.0.0.1:${port}`;
  await supervisor.start({
    name: 'stripe-mock',
    command: program,
    // It listens for HTTPS in any case, on a port that every clone would share.
    args: ['-http-addr', `127.0.0.1:${port}`, '-https-addr', `127.0.0.1:${await profile.port('stripe-mock-https')}`],
    // Without a key every path answers 401, which is an answer.
    probe: async () => (await fetch(url, { signal: AbortSignal.timeout(2_000) })).status > 0,
  });
  return { from, version: VERSION, address: `127.0.0.1:${port}`, env: { STRIPE_MOCK_URL: url } };
}
