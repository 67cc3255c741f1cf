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
])('GET %s is served from here', async (path, type) => {
  const response = await fetch(`${app.origin}${path}`);
  const text = await response.text();
  expect([response.status, response.headers.get('Content-Type')?.split(';')[0]]).toEqual([200, type]);
  expect(text.length).toBeGreaterThan(50);
});

test('the page of the documentation loads nothing from elsewhere', async () => {
  const page = await (await fetch(`${app.origin}/docs`)).text();
  expect([...page.matchAll(/(?:src|href)="([^"]+)"/g)].every((match) => match[1]?.startsWith('/docs/'))).toBe(true);
});
