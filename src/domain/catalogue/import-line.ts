import { z } from 'zod';

const HIGHEST_PRICE = 10_000_000_000;
const MOST_STOCK = 1_000_000;

const text = (longest: number) => z.string().trim().min(1, 'must not be empty').max(longest);
const sku = text(64).regex(/^[\w.+/#: -]+$/, 'must be letters, digits, spaces and . _ - + / # : only');
const cents = z.int().min(0).max(HIGHEST_PRICE);
const stock = z.int().min(0).max(MOST_STOCK);
const options = z.record(text(64), text(256)).refine((all) => Object.keys(all).length <= 10, 'must be at most 10');
const attribute = z.union([z.string().max(20_000), z.number(), z.boolean()]);
const optional = <S extends z.ZodType>(schema: S) =>
  z.preprocess((value) => (value === null || value === '' ? undefined : value), schema.optional());

const Variant = z.object({
  sku,
  title: z.string().trim().max(500).default(''),
  options: options.default({}),
  /** The product's price where absent. */
  price_cents: cents.optional(),
  stock: stock.optional(),
});

const Line = z.object({
  sku,
  mpn: optional(z.string().trim().max(500)).transform((mpn) => mpn ?? ''),
  title: text(500),
  brand: optional(z.string().trim().max(128)).transform((brand) => brand ?? ''),
  description: optional(z.string().max(50_000)).transform((description) => description ?? ''),
  /** Names from the root. */
  category: z.array(text(120)).min(1).max(12),
  price_cents: cents,
  currency: z.string().regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code'),
  ean: z
    .array(z.string().regex(/^\d{8,14}$/, 'must be 8 to 14 digits'))
    .max(200)
    .default([]),
  released_at: optional(z.iso.date()).transform((date) => date ?? null),
  image_url: optional(z.url({ protocol: /^https?$/ }).max(2_000)).transform((url) => url ?? null),
  attributes: z.record(z.string().max(256), attribute).default({}),
  stock: stock.optional(),
  /** The product's own SKU is its default variant and need not be listed. */
  variants: z.array(Variant).max(500).optional(),
});

export type ImportVariant = z.output<typeof Variant>;
export type ImportLine = z.output<typeof Line>;

export interface LineProblem {
  readonly field: string;
  readonly reason: string;
}
export type ParsedLine =
  | { readonly kind: 'line'; readonly line: ImportLine }
  | { readonly kind: 'refused'; readonly problems: readonly [LineProblem, ...LineProblem[]] };

/** Reads one NDJSON line; unknown fields are ignored. `currency` is the only one the shop sells in. */
export function parseLine(json: string, currency: string): ParsedLine {
  let storable = true;
  let value: unknown;
  try {
    value = JSON.parse(json, (key, each: unknown) => {
      storable &&= isStorable(key) && (typeof each !== 'string' || isStorable(each));
      return each;
    });
  } catch {
    return refused('(line)', 'is not JSON');
  }
  if (!storable) return refused('(line)', 'holds characters that cannot be stored (U+0000 or half a surrogate pair)');
  const parsed = Line.safeParse(value);
  if (!parsed.success) {
    const problems = new Map(parsed.error.issues.map((issue) => [issue.path.join('.') || '(line)', issue.message]));
    const [first, ...rest] = [...problems].map(([field, reason]) => ({ field: field.slice(0, 200), reason }));
    return first === undefined ? refused('(line)', 'is not valid') : { kind: 'refused', problems: [first, ...rest] };
  }
  const problem = inconsistency(parsed.data, currency);
  return problem === null ? { kind: 'line', line: parsed.data } : { kind: 'refused', problems: [problem] };
}

export const refused = (field: string, reason: string): Extract<ParsedLine, { kind: 'refused' }> => ({
  kind: 'refused',
  problems: [{ field, reason }],
});

/** Every SKU that a line claims, its product's own first. */
export const skusOf = (line: ImportLine): string[] => [
  ...new Set([line.sku, ...(line.variants ?? []).map((variant) => variant.sku)]),
];

/** PostgreSQL's text and jsonb take neither U+0000 nor lone surrogates. */
const isStorable = (string: string): boolean => !/[\0\p{Cs}]/u.test(string);

function inconsistency(line: ImportLine, currency: string): LineProblem | null {
  if (line.currency !== currency) return { field: 'currency', reason: `the shop sells in ${currency}` };
  const variants = line.variants ?? [];
  if (new Set(variants.map((variant) => variant.sku)).size < variants.length)
    return { field: 'variants', reason: 'names a SKU twice' };
  const own = variants.find((variant) => variant.sku === line.sku);
  if (own?.price_cents !== undefined && own.price_cents !== line.price_cents)
    return { field: 'variants', reason: "the default variant's price must be the product's" };
  return null;
}
