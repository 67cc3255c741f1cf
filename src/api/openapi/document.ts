import { z } from 'zod';
import type { ErrorCode } from '../../domain/kernel/errors.js';
import type { Endpoint } from '../endpoint.js';
import { STATUS } from '../middleware/errors.js';
import { refusalsOf } from '../refusals.js';
import { exampleOf } from './examples.js';
import { ErrorEnvelope } from './schemas.js';

export interface DocumentInput {
  readonly publicUrl: string;
  /** With the prefix they are mounted below. */
  readonly groups: readonly { readonly prefix: string; readonly endpoints: readonly Endpoint[] }[];
}

type Json = Record<string, unknown>;

/** The OpenAPI 3.1 document of the schemas that also validate requests. */
export function openApiDocument({ publicUrl, groups }: DocumentInput): Json {
  const components = new Map<string, unknown>();
  const paths: Record<string, Json> = {};
  const tags = new Set<string>();
  for (const { prefix, endpoints } of groups)
    for (const endpoint of endpoints) {
      const path = prefix + endpoint.path.replace(/:(\w+)/g, '{$1}');
      tags.add(endpoint.tag);
      paths[path] = { ...paths[path], [endpoint.method]: operation(endpoint, components) };
    }
  toSchema(ErrorEnvelope, 'output', components);
  return {
    openapi: '3.1.0',
    info: { title: 'Perdure', version: '1', description: 'A durable retail backend.' },
    servers: [{ url: publicUrl }],
    tags: [...tags].sort().map((name) => ({ name })),
    paths,
    components: {
      schemas: Object.fromEntries([...components].sort(([a], [b]) => (a < b ? -1 : 1))),
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'The access token of a login' },
        cartToken: {
          type: 'apiKey',
          in: 'header',
          name: 'X-Cart-Token',
          description: "A guest's cart, as its creation answered",
        },
        orderToken: {
          type: 'apiKey',
          in: 'header',
          name: 'X-Order-Token',
          description: "A guest's checkout and order, as POST /checkout answered",
        },
      },
    },
  };
}

function operation(endpoint: Endpoint, components: Map<string, unknown>): Json {
  const { operationId, summary, tag, access, params, query, body, rawBody, streamedBody, responses, idempotency } =
    endpoint;
  const parameters = [
    ...parametersOf(params, 'path', components),
    ...parametersOf(query, 'query', components),
    ...(idempotency === undefined ? [] : [idempotencyHeader(idempotency === 'required')]),
  ];
  const replies = Object.entries(responses).map(([status, schema]) => [
    status,
    schema === null
      ? { description: DESCRIPTIONS[status] ?? 'Done' }
      : { description: DESCRIPTIONS[status] ?? 'Answer', content: content(schema, 'output', components) },
  ]);
  return {
    operationId,
    summary,
    tags: [tag],
    security: security(endpoint),
    ...(typeof access === 'object' ? { 'x-permission': access.permission } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { required: true, content: content(body, 'input', components) } }),
    ...(streamedBody === undefined ? {} : { requestBody: { required: true, content: bytes(streamedBody.mediaTypes) } }),
    ...(rawBody === undefined ? {} : { requestBody: { required: true, content: { '*/*': {} } } }),
    responses: {
      ...refusals(endpoint),
      ...Object.fromEntries(replies),
      default: { description: 'Refused or failed', content: json({ $ref: '#/components/schemas/Error' }) },
    },
  };
}

const DESCRIPTIONS: Readonly<Record<string, string>> = {
  200: 'Done',
  201: 'Created',
  202: 'Accepted; it goes on without you',
  204: 'Done; there is nothing to say',
  503: 'Not now',
};

function json(schema: Json, example?: unknown): Json {
  const { contentMediaType: type } = schema;
  const shown = { schema, ...(example === undefined ? {} : { example }) };
  return { [typeof type === 'string' ? type : 'application/json']: shown };
}

/** With an example, where one can be made that the schema itself accepts. */
function content(schema: z.ZodType, io: 'input' | 'output', components: Map<string, unknown>): Json {
  const generated = toSchema(schema, io, components);
  return json(
    generated,
    candidates(exampleOf(generated, components)).find((example) => schema.safeParse(example).success),
  );
}

/** The example, and the same without one of its fields: two may exclude each other. */
function candidates(example: unknown): unknown[] {
  if (typeof example !== 'object' || example === null || Array.isArray(example)) return [example];
  const without = Object.keys(example).map((name) =>
    Object.fromEntries(Object.entries(example).filter(([key]) => key !== name)),
  );
  return [example, ...without];
}

/** By status, which codes it may stand for. */
function refusals(endpoint: Endpoint): Json {
  const codes = Object.groupBy(refusalsOf(endpoint), (code) => STATUS[code]);
  return Object.fromEntries(
    Object.entries(codes).map(([status, some = []]) => [
      status,
      {
        description: some.map((code) => `\`${code}\``).join(', '),
        'x-error-codes': some,
        content: json({ $ref: '#/components/schemas/Error' }, refusalExample(some[0])),
      },
    ]),
  );
}

const refusalExample = (code: ErrorCode | undefined): Json => ({
  error: {
    code,
    message: 'says in words what is wrong',
    details:
      code === 'validation_failed' ? [{ field: 'quantity', message: 'Too small: expected number to be >=1' }] : [],
    request_id: '01a1fe06-dd95-76b6-8e43-4cc505adc197',
    timestamp: '2026-11-21T12:13:45.378Z',
  },
});

const bytes = (mediaTypes: readonly string[]): Json => Object.fromEntries(mediaTypes.map((type) => [type, {}]));

const security = ({ access, orderToken }: Endpoint): Json[] => {
  if (access === 'open' || access === 'anyone') return [{}];
  if (access !== 'guest') return [{ bearer: [] }];
  return [{ cartToken: [] }, { bearer: [] }, ...(orderToken === undefined ? [] : [{ orderToken: [] }]), {}];
};

const idempotencyHeader = (required: boolean): Json => ({
  name: 'Idempotency-Key',
  in: 'header',
  required,
  description: 'Repeats with this key within 24 hours change nothing more',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
});

function parametersOf(
  schema: z.ZodType | undefined,
  where: 'path' | 'query',
  components: Map<string, unknown>,
): Json[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = toSchema(schema, 'input', components) as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    schema: property,
  }));
}

/** JSON Schema 2020-12; schemas with an id become components. */
function toSchema(schema: z.ZodType, io: 'input' | 'output', components: Map<string, unknown>): Json {
  const id = schema.meta()?.id;
  const generated = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Json;
  const { $schema: _, $defs, ...own } = generated;
  for (const [name, definition] of Object.entries(($defs ?? {}) as Json)) register(name, definition, components);
  if (id === undefined || own['$ref'] !== undefined) return rewriteRefs(own) as Json;
  register(id, own, components);
  return { $ref: `#/components/schemas/${id}` };
}

function register(name: string, definition: unknown, components: Map<string, unknown>): void {
  const { id: _, ...schema } = rewriteRefs(definition) as Json;
  if (!components.has(name)) components.set(name, schema);
}

function rewriteRefs(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(rewriteRefs);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      key === '$ref' && typeof member === 'string'
        ? member.replace('#/$defs/', '#/components/schemas/')
        : rewriteRefs(member),
    ]),
  );
}
