import { categorySlugs, productSlugs, slugify } from '../../../src/domain/catalogue/slug.js';

test.each([
  ['HP 80 Original Cyan', 'hp-80-original-cyan'],
  ['  Keyboards, mice & input  ', 'keyboards-mice-input'],
  ['Größe Ø 10 – Café', 'grosse-o-10-cafe'],
  ['½ inch', '1-2-inch'],
  ["'; drop table products --", 'drop-table-products'],
])('slugify, when given %j, answers %j', (text, slug) => {
  expect(slugify(text)).toBe(slug);
});

test('slugify, when a text has no Latin letter or digit, answers a hash that differs by text', () => {
  expect(slugify('日本')).toMatch(/^[0-9a-f]{8}$/);
  expect(slugify('日本')).not.toBe(slugify('中国'));
});

test('slugify, when a text is long, cuts it at 80 without a hyphen at the end', () => {
  const slug = slugify(`${'a'.repeat(79)} b`);
  expect(slug).toBe('a'.repeat(79));
});

test('productSlugs, when the title is taken, offers the SKU behind it and then a hash', () => {
  const [title, withSku, withHash] = productSlugs('USB cable', 'IC-7');
  expect([title, withSku]).toEqual(['usb-cable', 'usb-cable-ic-7']);
  expect(withHash).toMatch(/^usb-cable-[0-9a-f]{8}$/);
});

test("categorySlugs, when the name is taken, offers the parent's slug before it", () => {
  expect(categorySlugs('Supplies', { slug: 'office' }).slice(0, 2)).toEqual(['supplies', 'office-supplies']);
  expect(categorySlugs('Supplies', null)).toHaveLength(2);
});
