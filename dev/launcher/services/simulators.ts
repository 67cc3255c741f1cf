import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Found, Service, ServiceContext } from '../service.js';

/** Speak the providers' wire protocols to their real SDKs; ours, under dev/. */
export const stripe: Service = {
  name: 'stripe',
  variable: 'STRIPE_API_URL',
  advice: 'set STRIPE_API_URL, STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET',
  ways: {
    async environment({ env }) {
      const keys = pick(env, ['STRIPE_API_URL', 'STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET']);
      return { from: 'STRIPE_API_URL', version: '-', address: new URL(keys['STRIPE_API_URL'] ?? '').host, env: keys };
    },
    async local(context) {
      const { secrets } = context.profile;
      const api = await context.profile.port('api');
      const { url, found } = await startSimulator(context, 'stripe', {
        SECRET_KEY: secrets.stripeSecretKey,
        WEBHOOK_SECRET: secrets.stripeWebhookSecret,
        WEBHOOK_URL: `http://127.0.0.1:${context.env['PORT'] ?? api}/api/v1/webhooks/stripe`,
      });
      return {
        ...found,
        env: {
          STRIPE_API_URL: url,
          STRIPE_SECRET_KEY: secrets.stripeSecretKey,
          STRIPE_WEBHOOK_SECRET: secrets.stripeWebhookSecret,
          STRIPE_LEDGER_URL: url,
        },
      };
    },
  },
};

export const vonage: Service = {
  name: 'vonage',
  variable: 'VONAGE_API_URL',
  advice: 'set VONAGE_API_URL, VONAGE_API_KEY and VONAGE_API_SECRET',
  ways: {
    async environment({ env }) {
      const keys = pick(env, ['VONAGE_API_URL', 'VONAGE_API_KEY', 'VONAGE_API_SECRET']);
      return { from: 'VONAGE_API_URL', version: '-', address: new URL(keys['VONAGE_API_URL'] ?? '').host, env: keys };
    },
    async local(context) {
      const { secrets } = context.profile;
      const { url, found } = await startSimulator(context, 'vonage', {
        API_KEY: secrets.vonageApiKey,
        API_SECRET: secrets.vonageApiSecret,
      });
      return {
        ...found,
        env: {
          VONAGE_API_URL: url,
          VONAGE_API_KEY: secrets.vonageApiKey,
          VONAGE_API_SECRET: secrets.vonageApiSecret,
          SMS_LOG_URL: url,
        },
      };
    },
  },
};

async function startSimulator(
  { profile, supervisor }: ServiceContext,
  name: 'stripe' | 'vonage',
  env: Readonly<Record<string, string>>,
): Promise<{ url: string; found: Omit<Found, 'env'> }> {
  if (!existsSync(join(profile.root, 'dev', name, 'main.ts'))) throw new Error(`dev/${name}/main.ts is not there`);
  const port = await profile.port(name);
  const url = `http://127.0.0.1:${port}`;
  await supervisor.start({
    name,
    command: process.execPath,
    args: ['--import', 'tsx', `dev/${name}/main.ts`],
    cwd: profile.root,
    env: { ...env, PORT: String(port), DATA_DIR: profile.subfolder(name) },
    probe: async () => (await fetch(`${url}/health`, { signal: AbortSignal.timeout(2_000) })).ok,
  });
  return { url, found: { from: `simulator, dev/${name}`, version: 'this clone', address: `127.0.0.1:${port}` } };
}

function pick(env: ServiceContext['env'], names: readonly string[]): Record<string, string> {
  const missing = names.filter((name) => env[name] === undefined || env[name] === '');
  if (missing.length > 0) throw new Error(`${missing.join(' and ')} must be set with ${names[0]}`);
  return Object.fromEntries(names.map((name) => [name, env[name] ?? '']));
}
