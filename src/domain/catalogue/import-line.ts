import { z } from 'zod';
import { DomainError } from '../kernel/errors.js';
import { isStorableYear, NO_YEAR_0 } from '../kernel/year.js';
import { generateVariants, MOST_VARIANTS } from './generate-variants.js';

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

const OptionValue = z.preprocess(
  (value) => (typeof value === 'string' ? { value } : value),
  z.object({ value: text(256), price_adjustment_cents: z.int().min(-HIGHEST_PRICE).max(HIGHEST_PRICE).default(0) }),
);
const Option = z.object({ name: text(64), values: z.array(OptionValue).min(1).max(MOST_VARIANTS) });

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
  released_at: optional(z.iso.date().refine(isStorableYear, NO_YEAR_0)).transform((date) => date ?? null),
  image_url: optional(z.url({ protocol: /^https?$/ }).max(2_000)).transform((url) => url ?? null),
  attributes: z.record(z.string().max(256), attribute).default({}),
  stock: stock.optional(),
  /** The product's own SKU is its default variant and need not be listed. */
  variants: z.array(Variant).max(MOST_VARIANTS).optional(),
  /** Instead of `variants`: one is made for each combination of values. */
  options: z.array(Option).min(1).max(10).optional(),
});

export type ImportVariant = z.output<typeof Variant>;
export type ImportLine = Omit<z.output<typeof Line>, 'options'>;

export interface LineProblem {
  readonly field: string;
  readonly reason: string;
}
export type ParsedLine =
  | { readonly kind: 'line'; readonly line: ImportLine }
  | { readonly kind: 'refused'; readonly problems: readonly [LineProblem, ...LineProblem[]] };

/** Reads one NDJSON line; unknown fields are ignored. `currency` is the only one the shop sells in. */
export function parseLine(json: string, currency: string): ParsedLine {
  const read = readJson(json);
  return read.problem === null ? checkLine(read.value, currency) : refused('(line)', read.problem);
}

/** A value out of JSON that PostgreSQL can store, or why it is none. */
export function readJson(json: string): { readonly value: unknown; readonly problem: string | null } {
  let storable = true;
  try {
    const value: unknown = JSON.parse(json, (key, each: unknown) => {
      storable &&= isStorable(key) && (typeof each !== 'string' || isStorable(each));
      return each;
    });
    return { value, problem: storable ? null : UNSTORABLE };
  } catch {
    return { value: undefined, problem: 'is not JSON' };
  }
}

/** Holds the fields of a line, whatever its format, against the rules for products. */
export function checkLine(value: unknown, currency: string): ParsedLine {
  const parsed = Line.safeParse(value);
  if (!parsed.success) {
    const problems = new Map(parsed.error.issues.map((issue) => [issue.path.join('.') || '(line)', issue.message]));
    const [first, ...rest] = [...problems].map(([field, reason]) => ({ field: field.slice(0, 200), reason }));
    return first === undefined ? refused('(line)', 'is not valid') : { kind: 'refused', problems: [first, ...rest] };
  }
  const { options: choices, ...line } = parsed.data;
  if (choices === undefined) return consistent(line, currency);
  if (line.variants !== undefined) return refused('options', 'cannot stand beside variants');
  try {
    const variants = generateVariants(
      line.sku,
      choices.map(({ name, values }) => ({
        name,
        values: values.map((each) => ({ value: each.value, priceAdjustment: each.price_adjustment_cents })),
      })),
    );
    return consistent(
      {
        ...line,
        variants: variants.map(({ priceAdjustment, ...variant }) => ({
          ...variant,
          price_cents: line.price_cents + priceAdjustment,
        })),
      },
      currency,
    );
  } catch (error) {
    const [detail] = error instanceof DomainError ? error.details : [];
    if (detail === undefined) throw error;
    return refused(detail.field, detail.message);
  }
}

export const refused = (field: string, reason: string): Extract<ParsedLine, { kind: 'refused' }> => ({
  kind: 'refused',
  problems: [{ field, reason }],
});

/** Every SKU that a line claims, its product's own first. */
export const skusOf = (line: ImportLine): string[] => [
  ...new Set([line.sku, ...(line.variants ?? []).map((variant) => variant.sku)]),
];

export const UNSTORABLE = 'holds characters that cannot be stored (U+0000 or half a surrogate pair)';

/** PostgreSQL's text and jsonb take neither U+0000 nor lone surrogates. */
export const isStorable = (string: string): boolean => !/[\0\p{Cs}]/u.test(string);

function consistent(line: ImportLine, currency: string): ParsedLine {
  const problem = inconsistency(line, currency);
  return problem === null ? { kind: 'line', line } : { kind: 'refused', problems: [problem] };
}

function inconsistency(line: ImportLine, currency: string): LineProblem | null {
  if (line.currency !== currency) return { field: 'currency', reason: `the shop sells in ${currency}` };
  const variants = line.variants ?? [];
  if (new Set(variants.map((variant) => variant.sku)).size < variants.length)
    return { field: 'variants', reason: 'names a SKU twice' };
  const own = variants.find((variant) => variant.sku === line.sku);
  if (own?.price_cents !== undefined && own.price_cents !== line.price_cents)
    return { field: 'variants', reason: "the default variant's price must be the product's" };
  if (variants.some((variant) => (variant.price_cents ?? 0) < 0))
    return { field: 'options', reason: 'make a variant that costs less than nothing' };
  return null;
}
