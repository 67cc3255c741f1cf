import { generateVariants, type OptionChoice } from '../../../src/domain/catalogue/generate-variants.js';

const option = (name: string, ...values: (string | [string, number])[]): OptionChoice => ({
  name,
  values: values.map((value) =>
    typeof value === 'string' ? { value, priceAdjustment: 0 } : { value: value[0], priceAdjustment: value[1] },
  ),
});
const problem = (...options: OptionChoice[]): string => {
  try {
    generateVariants('TEE', options);
    return '';
  } catch (error) {
    return (error as { details: { message: string }[] }).details[0]?.message ?? '';
  }
};

test('generateVariants, given two options, makes every combination and adds up what the values cost', () => {
  expect(generateVariants('TEE', [option('Size', 'S', ['L', 200]), option('Colour', 'sky blue', ['red', 50])])).toEqual(
    [
      { sku: 'TEE', title: 'S / sky blue', options: { Size: 'S', Colour: 'sky blue' }, priceAdjustment: 0 },
      { sku: 'TEE-S-RED', title: 'S / red', options: { Size: 'S', Colour: 'red' }, priceAdjustment: 50 },
      {
        sku: 'TEE-L-SKY-BLUE',
        title: 'L / sky blue',
        options: { Size: 'L', Colour: 'sky blue' },
        priceAdjustment: 200,
      },
      { sku: 'TEE-L-RED', title: 'L / red', options: { Size: 'L', Colour: 'red' }, priceAdjustment: 250 },
    ],
  );
});

test('generateVariants, given values in another order, gives the same SKUs to all but the first', () => {
  const skus = (...values: string[]) => generateVariants('TEE', [option('Size', ...values)]).map(({ sku }) => sku);
  expect(skus('S', 'M', 'L')).toEqual(['TEE', 'TEE-M', 'TEE-L']);
  expect(skus('S', 'L', 'M')).toEqual(['TEE', 'TEE-L', 'TEE-M']);
});

test.each<[string, OptionChoice[], RegExp]>([
  ['an option twice', [option('Size', 'S'), option('Size', 'M')], /name one option twice/],
  ['a value twice', [option('Size', 'S', 'S')], /one value of Size twice/],
  ['a first value that costs more', [option('Size', ['S', 1])], /must cost what the product costs/],
  ['values that share a SKU', [option('Size', 'S', 'x 1', 'x-1')], /share a SKU/],
  ['a value too long for a SKU', [option('Size', 'S', 'x'.repeat(70))], /longer than 64/],
  [
    'more combinations than a product may have',
    [
      option('A', ...Array.from({ length: 30 }, (_, n) => `a${n}`)),
      option('B', ...Array.from({ length: 30 }, (_, n) => `b${n}`)),
    ],
    /make 900 variants/,
  ],
])('generateVariants, given %s, refuses', (_, options, message) => {
  expect(problem(...options)).toMatch(message);
});
