import { createHash } from 'node:crypto';

const LONGEST = 80;
const LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  ł: 'l',
  þ: 'th',
  ı: 'i',
};

/** Lower-case Latin letters, digits and single hyphens, cut at 80; a text without any becomes its own short hash. */
export function slugify(text: string): string {
  const plain = text
    .toLowerCase()
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .replace(/[ßæœøđðłþı]/g, (letter) => LETTERS[letter] ?? '')
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, LONGEST)
    .replace(/^-|-$/g, '');
  return plain === '' ? shortHash(text) : plain;
}

/** Whether it may be a slug of ours: nothing else needs to be looked up. */
export const isSlug = (text: string): boolean => /^[a-z0-9]+(-[a-z0-9]+)*$/.test(text);

/** What a product may be called, best first: its title, then with its SKU, then with a hash of the SKU. */
export function productSlugs(title: string, sku: string): [string, string, string] {
  const base = slugify(title);
  return [base, `${base}-${slugify(sku)}`, `${base}-${shortHash(sku)}`];
}

/** What a category may be called, best first: its name, then behind its parent's slug, then with a hash of its path. */
export function categorySlugs(name: string, parent: { readonly slug: string } | null): string[] {
  const base = slugify(name);
  const behind = parent === null ? [] : [`${parent.slug}-${base}`];
  return [base, ...behind, `${base}-${shortHash(`${parent?.slug ?? ''}/${name}`)}`];
}

const shortHash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8);
