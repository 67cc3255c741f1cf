import type { EntityManager } from '@mikro-orm/postgresql';
import { notFound } from '../kernel/errors.js';
import { isSlug } from './slug.js';
import type { CategoryDetail, CategoryName, CategoryNode } from './types.js';

interface TreeRow {
  readonly id: string;
  readonly parent_id: string | null;
  readonly slug: string;
  readonly name: string;
}

/** The whole tree, siblings by position and name. */
export async function listCategories(em: EntityManager): Promise<CategoryNode[]> {
  const rows = await em.execute<TreeRow[]>(
    'select id, parent_id, slug, name from categories order by position, name, id',
  );
  const below = Map.groupBy(rows, (row) => row.parent_id);
  const grow = (parentId: string | null): CategoryNode[] =>
    (below.get(parentId) ?? []).map(({ id, slug, name }) => ({ id, slug, name, children: grow(id) }));
  return grow(null);
}

/** @throws DomainError `not_found` */
export async function findCategory(em: EntityManager, slug: string): Promise<CategoryDetail> {
  if (!isSlug(slug)) throw notFound('category');
  const [row] = await em.execute<CategoryDetail[]>(
    `select c.id, c.slug, c.name,
       (select json_agg(json_build_object('slug', a.slug, 'name', a.name) order by nlevel(a.path))
        from categories a where a.path @> c.path) as path,
       (select coalesce(json_agg(json_build_object('slug', k.slug, 'name', k.name) order by k.position, k.name, k.id), '[]')
        from categories k where k.parent_id = c.id) as children
     from categories c where c.slug = ?`,
    [slug],
  );
  if (row === undefined) throw notFound('category');
  return row;
}

/** The names of categories by slug; those that do not exist are left out. */
export async function categoryNames(em: EntityManager, slugs: readonly string[]): Promise<Map<string, string>> {
  if (slugs.length === 0) return new Map();
  const rows = await em.execute<CategoryName[]>(
    'select slug, name from categories where slug in (select value from jsonb_array_elements_text(?::jsonb))',
    [JSON.stringify(slugs)],
  );
  return new Map(rows.map(({ slug, name }) => [slug, name]));
}
