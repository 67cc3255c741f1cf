import type { EntityManager } from '@mikro-orm/postgresql';
import { DomainError, notFound } from '../../kernel/errors.js';
import { newId } from '../../kernel/ids.js';
import { categorySlugs } from '../slug.js';
import { lockCatalogue } from '../store.js';
import { assertMayShelve, assertVersion, auditEdit, badField, refusingTaken, type Editor } from './guards.js';

const DEEPEST = 12;
const PRODUCTS_A_MESSAGE = 500;

export interface CategoryRecord {
  readonly id: string;
  readonly parentId: string | null;
  readonly slug: string;
  readonly name: string;
  readonly position: number;
  readonly version: number;
  /** Of the category itself, in any state. */
  readonly products: number;
}

export interface NewCategory {
  readonly id: string;
  readonly name: string;
  readonly slug?: string | undefined;
  readonly parentId?: string | null | undefined;
  readonly position?: number | undefined;
}

/** Absent: as it is. A parent of null makes it a root. */
export type CategoryChange = Omit<NewCategory, 'name'> & { readonly name?: string | undefined };

const RECORD = `select c.id, c.parent_id as "parentId", c.slug, c.name, c.position, c.version,
  (select count(*) from products p where p.category_id = c.id) as products from categories c`;

/** @throws DomainError `not_found` */
export async function readCategory(em: EntityManager, id: string): Promise<CategoryRecord> {
  const [row] = await em.execute<CategoryRecord[]>(`${RECORD} where c.id = ?`, [id]);
  if (row === undefined) throw notFound('category');
  return row;
}

/** @throws DomainError `forbidden`; `conflict` for a slug that is taken; `validation_failed` for a parent that is none */
export async function createCategory(em: EntityManager, editor: Editor, category: NewCategory): Promise<void> {
  assertMayShelve(editor.caller);
  await lockCatalogue(em);
  const parent = await findParent(em, category.parentId ?? null);
  if (parent !== null && parent.depth >= DEEPEST) throw badField('parent_id', `at most ${DEEPEST} levels`);
  const slug = category.slug ?? (await freeSlug(em, category.name, parent));
  await refusingTaken(() =>
    em.execute(
      'insert into categories (id, parent_id, slug, name, path, position) values (?, ?, ?, ?, ?::ltree, ?)',
      [category.id, parent?.id ?? null, slug, category.name, join(parent?.path, slug), category.position ?? 0],
      'run',
    ),
  );
  await auditEdit(em, editor, 'category.created', { type: 'category', id: category.id });
}

/**
 * Renames, moves or reorders a category; the paths below it follow, and so does the search index.
 * @throws DomainError like `createCategory`; `not_found`; `precondition_failed`
 */
export async function changeCategory(
  em: EntityManager,
  editor: Editor,
  { id, ...change }: CategoryChange,
): Promise<void> {
  assertMayShelve(editor.caller);
  await lockCatalogue(em);
  const [before] = await em.execute<(CategoryRecord & { path: string; height: number })[]>(
    `select c.*, c.parent_id as "parentId", c.path::text as path,
       (select max(nlevel(k.path)) from categories k where k.path <@ c.path) - nlevel(c.path) as height
     from categories c where c.id = ?`,
    [id],
  );
  if (before === undefined) throw notFound('category');
  assertVersion(editor.ifMatch, before.version);
  const parentId = change.parentId === undefined ? before.parentId : change.parentId;
  const parent = await findParent(em, parentId);
  if (parent !== null && (parent.path === before.path || parent.path.startsWith(`${before.path}.`)))
    throw badField('parent_id', 'a category cannot be put below itself');
  if ((parent?.depth ?? 0) + 1 + before.height > DEEPEST) throw badField('parent_id', `at most ${DEEPEST} levels`);
  const slug = change.slug ?? before.slug;
  const path = join(parent?.path, slug);
  await refusingTaken(() =>
    em.execute(
      `update categories set parent_id = ?, slug = ?, name = ?, position = ?, version = version + 1, updated_at = now()
       where id = ?`,
      [parentId, slug, change.name ?? before.name, change.position ?? before.position, id],
      'run',
    ),
  );
  if (path !== before.path)
    await em.execute(
      `update categories set path = case when path = ?::ltree then ?::ltree else ?::ltree || subpath(path, nlevel(?::ltree)) end
       where path <@ ?::ltree`,
      [before.path, path, path, before.path, before.path],
      'run',
    );
  if (path !== before.path || (change.name ?? before.name) !== before.name) await announceSubtree(em, id, path);
  await auditEdit(
    em,
    editor,
    'category.changed',
    { type: 'category', id },
    { fields: Object.entries(change).flatMap(([field, value]) => (value === undefined ? [] : [field])) },
  );
}

/** @throws DomainError `forbidden`, `not_found`, `precondition_failed`; `conflict` while anything is in it */
export async function deleteCategory(em: EntityManager, editor: Editor, id: string): Promise<void> {
  assertMayShelve(editor.caller);
  await lockCatalogue(em);
  // locked against products that are being put into it
  const [row] = await em.execute<{ version: number }[]>('select version from categories where id = ? for update', [id]);
  if (row === undefined) throw notFound('category');
  assertVersion(editor.ifMatch, row.version);
  const [held] = await em.execute<{ products: number; children: number }[]>(
    `select (select count(*) from products where category_id = ?) as products,
       (select count(*) from categories where parent_id = ?) as children`,
    [id, id],
  );
  if (held !== undefined && held.products + held.children > 0)
    throw new DomainError('conflict', 'the category is not empty', { ...held });
  await em.execute('delete from categories where id = ?', [id], 'run');
  await auditEdit(em, editor, 'category.deleted', { type: 'category', id });
}

interface Parent {
  readonly id: string;
  readonly slug: string;
  readonly path: string;
  readonly depth: number;
}

async function findParent(em: EntityManager, id: string | null): Promise<Parent | null> {
  if (id === null) return null;
  const [row] = await em.execute<Parent[]>(
    'select id, slug, path::text as path, nlevel(path) as depth from categories where id = ?',
    [id],
  );
  if (row === undefined) throw badField('parent_id', 'there is no such category');
  return row;
}

async function freeSlug(em: EntityManager, name: string, parent: Parent | null): Promise<string> {
  const candidates = [...categorySlugs(name, parent), `${categorySlugs(name, null)[0] ?? ''}-${newId().slice(-8)}`];
  const taken = await em.execute<{ slug: string }[]>(
    'select slug from categories where slug in (select value from jsonb_array_elements_text(?::jsonb))',
    [JSON.stringify(candidates)],
  );
  return candidates.find((slug) => !taken.some((row) => row.slug === slug)) ?? '';
}

const join = (parent: string | undefined, slug: string): string => (parent === undefined ? slug : `${parent}.${slug}`);

/** Products carry the names and slugs of their categories into the search index. */
async function announceSubtree(em: EntityManager, id: string, path: string): Promise<void> {
  await em.execute(
    `insert into outbox (topic, key, payload)
     select 'search.products', ?, jsonb_build_object('product_ids', jsonb_agg(id))
     from (select p.id, (row_number() over (order by p.id) - 1) / ${PRODUCTS_A_MESSAGE} as lot
           from products p join categories c on c.id = p.category_id where c.path <@ ?::ltree) as lots
     group by lot order by lot`,
    [id, path],
    'run',
  );
}
