/** The variable that says where a service is; empty when it could not be had. */
const VARIABLES = {
  postgres: 'DATABASE_URL',
  redis: 'REDIS_URL',
  temporal: 'TEMPORAL_ADDRESS',
  'test-server': 'TEMPORAL_TEST_SERVER',
  elasticsearch: 'ELASTICSEARCH_URL',
  mail: 'SMTP_URL',
  inbox: 'INBOX_URL',
  stripe: 'STRIPE_API_URL',
  'stripe-mock': 'STRIPE_MOCK_URL',
  vonage: 'VONAGE_API_URL',
  'postgres-programs': 'POSTGRES_PROGRAMS',
} as const;

export type ServiceName = keyof typeof VARIABLES;

export const hasService = (name: ServiceName): boolean => (process.env[VARIABLES[name]] ?? '') !== '';

/** The address of a service. @throws when it is not there: use it inside describeWith */
export function serviceUrl(name: ServiceName): string {
  const url = process.env[VARIABLES[name]];
  if (url === undefined || url === '') throw new Error(`${VARIABLES[name]} is not set: run the tests with npm test`);
  return url;
}

/** Tests that need services; skipped, and counted so, where one is missing. In CI a missing service has failed the run before. */
export function describeWith(services: ServiceName | readonly ServiceName[], name: string, tests: () => void): void {
  const wanted = typeof services === 'string' ? [services] : services;
  const missing = wanted.filter((service) => !hasService(service));
  if (missing.length === 0) describe(name, tests);
  else if (process.env['CI'] === 'true')
    describe(name, () => test(`needs ${missing.join(', ')}`, () => expect(missing).toEqual([])));
  else describe.skip(`${name} (without ${missing.join(', ')})`, tests);
}
