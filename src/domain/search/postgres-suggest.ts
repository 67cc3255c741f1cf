import type { EntityManager } from '@mikro-orm/postgresql';
import type { CategoryName } from '../catalogue/index.js';
import type { ProductMatches } from './ports.js';

const BRANDS = 3;

/** Products that have all the words, the last one perhaps unfinished, and brands that begin so. */
export async function suggestProducts(em: EntityManager, text: string, limit: number): Promise<ProductMatches> {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  if (words.length === 0) return { brands: [], productIds: [] };
  const [row] = await em.execute<{ brands: string[]; ids: string[] }[]>(
    `select
       (select coalesce(json_agg(brand), '[]') from (
         select brand from products where status = 'published' and brand ilike ? escape '\\'
         group by brand order by count(*) desc, brand limit ?) b) as brands,
       (select coalesce(json_agg(id), '[]') from (
         select id from products, to_tsquery('english', ?) as wanted where status = 'published' and search @@ wanted
         order by ts_rank(search, wanted) desc, length(title), id limit ?) p) as ids`,
    [`${likeLiteral(text)}%`, BRANDS, words.map((word) => `${word}:*AB`).join(' & '), limit],
  );
  return { brands: row?.brands ?? [], productIds: row?.ids ?? [] };
}

/** Categories of which a word begins with the text; few, so PostgreSQL answers for every backend. */
export const suggestCategories = (em: EntityManager, text: string, limit: number): Promise<CategoryName[]> =>
  em.execute<CategoryName[]>(
    `select slug, name from categories where ' ' || name ilike ? escape '\\' order by length(name), slug limit ?`,
    [`% ${likeLiteral(text)}%`, limit],
  );

const likeLiteral = (text: string): string => text.replace(/[\\%_]/g, '\\$&');
