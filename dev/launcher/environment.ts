import type { Profile } from './profile.js';
import type { Resolved } from './service.js';

/** Set when a service is there; emptied when it is not, so that no stale value from the surrounding shell is used. */
const ADDRESSES = [
  'DATABASE_URL',
  'REDIS_URL',
  'TEMPORAL_ADDRESS',
  'ELASTICSEARCH_URL',
  'SMTP_URL',
  'INBOX_URL',
  'STRIPE_API_URL',
  'STRIPE_LEDGER_URL',
  'VONAGE_API_URL',
  'SMS_LOG_URL',
  'STRIPE_MOCK_URL',
  'TEMPORAL_TEST_SERVER',
];

/** What the API, the worker, the tests and every tool find in their environment. */
export async function childEnvironment(
  profile: Profile,
  resolved: readonly Resolved[],
  nodeEnv: 'development' | 'test',
): Promise<Record<string, string>> {
  const { secrets } = profile;
  const apiPort = process.env['PORT'] ?? String(await profile.port('api'));
  return {
    NODE_ENV: nodeEnv,
    PORT: apiPort,
    PUBLIC_URL: process.env['PUBLIC_URL'] ?? `http://127.0.0.1:${apiPort}`,
    MAIL_FROM: process.env['MAIL_FROM'] ?? 'Perdure <shop@perdure.example>',
    VONAGE_FROM: process.env['VONAGE_FROM'] ?? 'Perdure',
    AUTH_KEYS: process.env['AUTH_KEYS'] ?? secrets.authKeys,
    ENCRYPTION_KEYS: process.env['ENCRYPTION_KEYS'] ?? secrets.encryptionKeys,
    BLIND_INDEX_KEY: process.env['BLIND_INDEX_KEY'] ?? secrets.blindIndexKey,
    ...Object.fromEntries(ADDRESSES.map((name) => [name, ''])),
    ...Object.assign({}, ...resolved.map(({ found }) => found?.env ?? {})),
  };
}
