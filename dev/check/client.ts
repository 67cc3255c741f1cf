// client/schema.ts has the types of the OpenAPI document as the endpoints describe it now; `--fix` writes them anew.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import openapiTS, { astToString, COMMENT_HEADER } from 'openapi-typescript';
import type { ApiDeps } from '../../src/api/deps.js';
import { openApiDocument } from '../../src/api/openapi/document.js';
import { createEndpoints } from '../../src/api/routes/index.js';

const file = join(import.meta.dirname, '..', '..', 'client', 'schema.ts');

/** Those of `src/config.ts` where nothing is said. */
const settings: ApiDeps['config'] = {
  environment: 'development',
  http: { host: '', port: 0, publicUrl: '', trustedProxies: 0, corsOrigins: [], rateLimits: true },
  shop: { currency: 'USD', pricesIncludeTax: false },
  checkout: { reservationMs: 900_000, holdMs: 300_000, holdWarningMs: 60_000 },
  auth: { accessTokenMs: 900_000 },
  temporal: { address: '', namespace: 'default', uiUrl: null, taskQueue: 'perdure', dormantPatches: [] },
};
/** Endpoints are only described here, never called: of what they depend on they look at settings alone. */
const deps = { config: settings } as ApiDeps;

// Below /api/v1, which the client adds.
const document = openApiDocument({ publicUrl: '', groups: [{ prefix: '', endpoints: createEndpoints(deps) }] });
const types = await openapiTS(JSON.stringify(document, essential), {
  alphabetize: true,
  // A default is the server's to fill in: who calls may leave it out.
  defaultNonNullable: false,
});
const schema = `${COMMENT_HEADER}${astToString(types)}`;

if (process.argv.includes('--fix')) writeFileSync(file, schema);
else if (!existsSync(file) || readFileSync(file, 'utf8') !== schema) {
  process.stderr.write('client/schema.ts is not what the endpoints describe: npm run client\n');
  process.exitCode = 1;
}

/** Without examples, and refusals once for each operation: they are the same Error whatever the status. */
function essential(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if ('x-error-codes' in value) return undefined;
  if (!('schema' in value) || !('example' in value)) return value;
  const { example: __, ...rest } = value;
  return rest;
}
