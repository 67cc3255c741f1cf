import { z } from 'zod';
import type { Endpoint } from '../../src/api/endpoint.js';
import { exampleOf } from '../../src/api/openapi/examples.js';

export type Json = Record<string, unknown>;

const deep = (levels: number): unknown => (levels === 0 ? 1 : { a: deep(levels - 1) });

/** What clients send who mean no good, or have a bug, by what is wrong with it. */
export const BAD_VALUES: Readonly<Record<string, unknown>> = {
  'a negative number': -1,
  zero: 0,
  'a fraction': 0.5,
  'a huge number': 1e21,
  'an exponent': 1e308,
  'a number beyond int4': 2_147_483_648,
  'digits as text': '1',
  'empty text': '',
  'long text': 'x'.repeat(20_000),
  SQL: "1'; drop table carts; --",
  markup: '<script>alert(1)</script>',
  true: true,
  null: null,
  'a list': [[]],
  'an object': { $ne: null },
  'a deep object': deep(20),
};

/** Query parameters have only text. */
export const BAD_TEXTS: readonly string[] = [
  '-1',
  '0',
  '0.5',
  '1e3',
  '1e308',
  '99999999999999999999',
  '9007199254740993',
  'NaN',
  'Infinity',
  '',
  ' ',
  'true',
  'x'.repeat(3_000),
  "1'; drop table carts; --",
  'price); select pg_sleep(10); --',
  'price desc, (select password_hash from users)',
  '__proto__',
  'constructor',
  '../../etc/passwd',
  '%',
  '_%_',
  '[]',
  '{"a":1}',
  '\\',
  '\u202e',
  Buffer.from('[]').toString('base64url'),
  Buffer.from('[null]').toString('base64url'),
  Buffer.from('[1,2,3,4,5,6]').toString('base64url'),
  Buffer.from('["x"]').toString('base64url'),
  Buffer.from('["x","y"]').toString('base64url'),
  Buffer.from('[{"a":1}]').toString('base64url'),
  Buffer.from('[1e308,"x"]').toString('base64url'),
  Buffer.from('{"a":1}').toString('base64url'),
];

export const BAD_IDS: readonly string[] = [
  '0',
  '-1',
  '1e3',
  '1.5',
  'null',
  'undefined',
  '__proto__',
  'constructor',
  "1' or '1'='1",
  '00000000-0000-0000-0000-000000000000',
  'ffffffff-ffff-ffff-ffff-ffffffffffff',
  '{01a1fe06-dd95-76b6-8e43-4cc505adc197}',
  'x'.repeat(2_000),
  '..%2f..',
  '😀',
];

/** A body that the endpoint's schema accepts. @throws when none can be made of its schema: give it `examples` */
export function validBody(schema: z.ZodType): Json {
  const { $defs = {}, ...own } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Json;
  const example = exampleOf(own, new Map(Object.entries($defs as Json)));
  return typeof example === 'object' && example !== null && !Array.isArray(example) ? (example as Json) : {};
}

/** The fields of an object schema, those of objects in it too: `shipping_address.city`. */
export function fieldsOf(schema: z.ZodType): string[][] {
  const { $defs = {}, ...root } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Json;
  const walk = (each: Json, at: string[]): string[][] => {
    if (at.length > 3) return [];
    if (typeof each['$ref'] === 'string')
      return walk((($defs as Json)[each['$ref'].split('/').at(-1) ?? ''] ?? {}) as Json, at);
    const choices = [each['anyOf'], each['oneOf'], each['allOf']].flat().filter((some) => some !== undefined) as Json[];
    const own = Object.entries((each['properties'] ?? {}) as Record<string, Json>).flatMap(([key, property]) => [
      [...at, key],
      ...walk(property, [...at, key]),
    ]);
    return [...own, ...choices.flatMap((choice) => walk(choice, at))];
  };
  return walk(root, []);
}

/** A copy with one field set, whatever was on the way to it. */
export function withField(body: Json, [key = '', ...rest]: readonly string[], value: unknown): Json {
  if (rest.length === 0) return { ...body, [key]: value };
  const inner = body[key];
  const object = typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? (inner as Json) : {};
  return { ...body, [key]: withField(object, rest, value) };
}

/** The endpoint's path with this in place of every parameter; without one, with what its schema accepts and nobody has. */
export function pathWith({ path, params }: Endpoint, id?: string): string {
  const accepted = params === undefined ? {} : validBody(params);
  return path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(id ?? String(accepted[name])));
}
