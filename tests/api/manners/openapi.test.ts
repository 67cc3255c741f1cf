import type { z } from 'zod';
import { createEndpoints } from '../../../src/api/routes/index.js';
import { openApp, type TestApp } from '../../support/app.js';

interface Document {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, unknown>; readonly securitySchemes: Record<string, unknown> };
}
interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly requestBody?: unknown;
  readonly responses: Record<string, unknown>;
}

let app: TestApp;
let document: Document;
beforeAll(async () => {
  app = await openApp();
  document = (await (await fetch(`${app.origin}/openapi.json`)).json()) as Document;
});
afterAll(() => app.close());

const operations = () =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.values(item).map((operation) => ({ path, operation })),
  );

test('the document is OpenAPI 3.1 with every operation named once', () => {
  expect(document.openapi).toBe('3.1.0');
  const ids = operations().map(({ operation }) => operation.operationId);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).toEqual(expect.arrayContaining(['addCartItem', 'getCart', 'getVariantPrice', 'ready']));
});

test('the document declares every parameter of every path', () => {
  for (const { path, operation } of operations()) {
    const named = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
    const declared =
      operation.parameters
        ?.filter((parameter) => parameter.in === 'path' && parameter.required)
        .map(({ name }) => name) ?? [];
    expect([path, new Set(declared)]).toEqual([path, new Set(named)]);
  }
});

test('the document refers to nothing that is not in it', () => {
  const refs = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1] ?? '');
  expect(refs.length).toBeGreaterThan(0);
  const known = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`);
  expect([...new Set(refs)].filter((ref) => !known.includes(ref))).toEqual([]);
});

test('the document describes adding to a cart: body, key, answer and refusals', () => {
  expect(document.paths['/api/v1/cart/items']?.['post']).toMatchObject({
    parameters: [{ name: 'Idempotency-Key', in: 'header', required: false }],
    requestBody: {
      content: { 'application/json': { schema: { required: ['variant_id'], additionalProperties: false } } },
    },
    responses: {
      200: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Cart' } } } },
      default: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } } },
    },
    security: [{ cartToken: [] }, { bearer: [] }, {}],
  });
});

test('the document says where a guest’s order token admits', () => {
  expect(document.components.securitySchemes['orderToken']).toMatchObject({ in: 'header', name: 'X-Order-Token' });
  for (const path of ['/checkout/{id}', '/checkout/{id}/events', '/orders/{id}', '/orders/{id}/timeline'])
    expect(document.paths[`/api/v1${path}`]?.['get']).toMatchObject({
      security: expect.arrayContaining([{ orderToken: [] }]) as unknown,
    });
});

test.each([
  ['/docs', 'text/html'],
  ['/docs/start.js', 'text/javascript'],
  ['/docs/swagger-ui-bundle.js', 'text/javascript'],
  ['/docs/swagger-ui.css', 'text/css'],
  ['/redoc', 'text/html'],
  ['/redoc/start.js', 'text/javascript'],
  ['/redoc/redoc.standalone.js', 'text/javascript'],
])('GET %s is served from here', async (path, type) => {
  const response = await fetch(`${app.origin}${path}`);
  const text = await response.text();
  expect([response.status, response.headers.get('Content-Type')?.split(';')[0]]).toEqual([200, type]);
  expect(text.length).toBeGreaterThan(50);
});

test.each(['/docs', '/redoc'])('the page %s loads nothing from elsewhere, and may not', async (path) => {
  const response = await fetch(`${app.origin}${path}`);
  const page = await response.text();
  const loaded = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
  expect(loaded.filter((each) => !/^\/(docs|redoc)\//.test(each))).toEqual([]);
  const policy = response.headers.get('Content-Security-Policy');
  expect(policy).toContain("default-src 'none'; script-src 'self';");
  expect(policy).not.toContain('http');
});

test('every operation names the codes it may refuse with, by their status', () => {
  for (const { path, operation } of operations()) {
    const codes = Object.entries(operation.responses).flatMap(([status, response]) =>
      ((response as { 'x-error-codes'?: string[] })['x-error-codes'] ?? []).map((code) => `${status} ${code}`),
    );
    expect([path, codes]).toEqual([path, expect.arrayContaining(['400 bad_request', '500 internal'])]);
  }
  expect(document.paths['/api/v1/checkout']?.['post']?.responses['402']).toMatchObject({
    'x-error-codes': expect.arrayContaining(['card_declined']) as unknown,
  });
});

test('every body and answer has an example that its own schema accepts', () => {
  const endpoints = createEndpoints(app.deps);
  const without: string[] = [];
  for (const { operationId, method, path, body, responses } of endpoints) {
    const operation = document.paths[`/api/v1${path.replace(/:(\w+)/g, '{$1}')}`]?.[method];
    const told = (at: unknown): unknown =>
      Object.values((at as { content?: Record<string, { example?: unknown }> } | undefined)?.content ?? {})[0]?.example;
    const examples: [string, z.ZodType, unknown][] = Object.entries(responses).flatMap(([status, schema]) =>
      schema === null ? [] : [[`${operationId} ${status}`, schema, told(operation?.responses[status])]],
    );
    if (body !== undefined) examples.push([`${operationId} body`, body, told(operation?.requestBody)]);
    for (const [name, schema, example] of examples) if (!schema.safeParse(example).success) without.push(name);
  }
  expect(without).toEqual([]);
});

/** What else has an identity of its own, and why. */
const WITHOUT_KEY: Readonly<Record<string, string>> = {
  withdrawStockNotices: 'its body is a mailed token, and a repeat finds nothing more to withdraw',
  receiveStripeEvent: 'the event’s own id makes it once',
};

test('every POST that creates or moves something takes an Idempotency-Key, but those whose body is a password or a mailed token', () => {
  const missing = createEndpoints(app.deps)
    .filter(({ method, idempotency }) => method === 'post' && idempotency === undefined)
    .filter(({ path, operationId }) => !path.startsWith('/auth/') && WITHOUT_KEY[operationId] === undefined)
    .map(({ operationId }) => operationId);
  expect(missing).toEqual([]);
});
