type Schema = Readonly<Record<string, unknown>>;
type Components = ReadonlyMap<string, unknown>;

/** By the name of a field, where its schema alone does not tell what would be taken. */
const BY_NAME: Readonly<Record<string, unknown>> = {
  email: 'ada@example.com',
  username: 'ada.lovelace',
  first_name: 'Ada',
  last_name: 'Lovelace',
  name: 'Ada Lovelace',
  phone: '+4915112345678',
  country: 'US',
  line1: '1 Main St',
  city: 'Springfield',
  region: 'IL',
  postal_code: '62701',
  amount: 1_999,
  currency: 'USD',
  password: 'correct horse battery',
  title: 'Mechanical keyboard',
  slug: 'mechanical-keyboard',
  sku: 'KB-100',
  number: 'P-J77H-F1DH',
  shipping_method: 'standard',
  provider: 'stripe',
  payment_method: 'pm_card_visa',
  access_token: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl',
  idOrSlug: 'mechanical-keyboard',
};
const BY_FORMAT: Readonly<Record<string, string>> = {
  uuid: '01a1fe06-dd95-76b6-8e43-4cc505adc197',
  'date-time': '2026-11-21T12:13:45.378Z',
  date: '2026-11-21',
  email: 'ada@example.com',
  uri: 'https://shop.example/images/keyboard.jpg',
};
const WORDS = [
  'keyboard',
  'US',
  'USD',
  'en',
  '1',
  '100',
  '123456',
  '0.5',
  'KB-100',
  'keyboard-100',
  'true',
  '+4915112345678',
  'P-J77H-F1DH',
  '2026-11-21',
  '12:13',
  'computers.keyboards',
];
const LONGEST_WORD = 'c2VhIG90dGVycyBob2xkIGhhbmRzIHdoaWxlIHRoZXkgc2xlZXA';

/**
 * A value of the kind that a JSON Schema describes, the same every time. What only code can check may refuse it: who
 * shows it asks first. `components` resolves references.
 */
export function exampleOf(schema: Schema, components: Components, name = '', inside: readonly unknown[] = []): unknown {
  const { $ref, examples, anyOf, oneOf, allOf } = schema;
  const [type] = [schema['type']].flat();
  if (Array.isArray(examples) && examples.length > 0) return examples[0] as unknown;
  if (typeof $ref === 'string') {
    const named = components.get($ref.split('/').at(-1) ?? '') ?? {};
    return exampleOf(named as Schema, components, name, [...inside, $ref]);
  }
  if ('const' in schema) return schema['const'];
  if ('default' in schema) return schema['default'];
  if (Array.isArray(schema['enum'])) return schema['enum'][0] as unknown;
  const [choice] = (anyOf ?? oneOf ?? []) as readonly (Schema | undefined)[];
  if (choice !== undefined) return exampleOf(choice, components, name, inside);
  if (Array.isArray(allOf))
    return Object.assign(
      {},
      ...(allOf as Schema[]).map((each) => exampleOf(each, components, name, inside)),
    ) as unknown;
  switch (type) {
    case 'object':
      return objectOf(schema, components, inside);
    case 'array': {
      const items = (schema['items'] ?? {}) as Schema;
      // A tree ends with its first branch.
      if (inside.includes(items['$ref'])) return [];
      return Array.from({ length: Math.max(1, Number(schema['minItems'] ?? 1)) }, () =>
        exampleOf(items, components, name, inside),
      );
    }
    case 'integer':
    case 'number':
      return numberOf(schema, name);
    case 'boolean':
      return true;
    case 'string':
      return stringOf(schema, name);
    default:
      return type === 'null' ? null : {};
  }
}

function objectOf(schema: Schema, components: Components, inside: readonly unknown[]): Record<string, unknown> {
  const properties = Object.entries((schema['properties'] ?? {}) as Readonly<Record<string, Schema>>);
  return Object.fromEntries(properties.map(([key, property]) => [key, exampleOf(property, components, key, inside)]));
}

function numberOf({ minimum, maximum, exclusiveMinimum }: Schema, name: string): number {
  const wanted = typeof BY_NAME[name] === 'number' ? BY_NAME[name] : 1;
  const lowest = Number(minimum ?? (exclusiveMinimum === undefined ? wanted : Number(exclusiveMinimum) + 1));
  return Math.min(Math.max(lowest, wanted), Number(maximum ?? Number.MAX_SAFE_INTEGER));
}

function stringOf({ format, pattern, minLength, maxLength }: Schema, name: string): string {
  const form = typeof pattern === 'string' ? new RegExp(pattern, 'u') : null;
  const [least, most] = [Number(minLength ?? 0), Number(maxLength ?? Infinity)];
  const fits = (text: unknown): text is string =>
    typeof text === 'string' && text.length >= least && text.length <= most && (form === null || form.test(text));
  const candidates = [
    BY_NAME[name],
    typeof format === 'string' ? BY_FORMAT[format] : undefined,
    ...WORDS,
    LONGEST_WORD.slice(0, least),
    LONGEST_WORD,
  ];
  return candidates.find(fits) ?? 'a'.repeat(Math.max(least, 1));
}
