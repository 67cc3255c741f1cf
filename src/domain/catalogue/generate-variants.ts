import { DomainError } from '../kernel/errors.js';
import { slugify } from './slug.js';

/** What a product's variants differ by. */
export interface OptionChoice {
  readonly name: string;
  readonly values: readonly OptionValue[];
}

export interface OptionValue {
  readonly value: string;
  /** Minor units on top of the product's price. */
  readonly priceAdjustment: number;
}

export interface GeneratedVariant {
  readonly sku: string;
  readonly title: string;
  readonly options: Readonly<Record<string, string>>;
  readonly priceAdjustment: number;
}

export const MOST_VARIANTS = 500;
const LONGEST_SKU = 64;

/**
 * One variant for each combination of values, in their order. The first is the product itself: it has the product's SKU and
 * price. The others' SKUs follow from the values, so that generating again gives the same ones.
 * @throws DomainError `validation_failed` naming `options`
 */
export function generateVariants(sku: string, options: readonly OptionChoice[]): GeneratedVariant[] {
  const combinations = options.reduce((count, { values }) => count * values.length, 1);
  if (combinations > MOST_VARIANTS) throw bad(`make ${combinations} variants; ${MOST_VARIANTS} are the most`);
  if (new Set(options.map(({ name }) => name)).size < options.length) throw bad('name one option twice');
  for (const { name, values } of options) {
    if (new Set(values.map(({ value }) => value)).size < values.length) throw bad(`list one value of ${name} twice`);
    if (values[0]?.priceAdjustment !== 0) throw bad(`the first value of ${name} must cost what the product costs`);
  }
  const variants = combine(options).map((chosen, index) => describe(sku, chosen, index === 0));
  const long = variants.find((variant) => variant.sku.length > LONGEST_SKU);
  if (long !== undefined) throw bad(`make a SKU longer than ${LONGEST_SKU}: ${long.sku}`);
  if (new Set(variants.map((variant) => variant.sku)).size < variants.length)
    throw bad('have values that differ in signs alone, which would share a SKU');
  return variants;
}

type Chosen = readonly { readonly name: string; readonly value: OptionValue }[];

const combine = (options: readonly OptionChoice[]): Chosen[] =>
  options.reduce<Chosen[]>(
    (made, { name, values }) => made.flatMap((chosen) => values.map((value) => [...chosen, { name, value }])),
    [[]],
  );

function describe(sku: string, chosen: Chosen, isFirst: boolean): GeneratedVariant {
  const values = chosen.map(({ value }) => value.value);
  return {
    sku: isFirst ? sku : [sku, ...values.map((value) => slugify(value).toUpperCase())].join('-'),
    title: values.join(' / '),
    options: Object.fromEntries(chosen.map(({ name, value }) => [name, value.value])),
    priceAdjustment: chosen.reduce((sum, { value }) => sum + value.priceAdjustment, 0),
  };
}

const bad = (message: string): DomainError =>
  new DomainError('validation_failed', 'these options are not possible', {}, [{ field: 'options', message }]);
