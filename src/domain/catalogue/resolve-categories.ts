import type { EntityManager } from '@mikro-orm/postgresql';
import { newId } from '../kernel/ids.js';
import { categorySlugs } from './slug.js';

interface Node {
  readonly id: string;
  readonly parent_id: string | null;
  readonly name: string;
  readonly slug: string;
  readonly path: string;
}

/**
 * The ids of category paths (names from the root, compared without case), created where missing. Takes at
 * most three statements. The caller holds the catalogue lock.
 */
export async function resolveCategories(
  em: EntityManager,
  paths: readonly (readonly string[])[],
): Promise<(path: readonly string[]) => string> {
  const names = [...new Set(paths.flat())];
  const known = await em.execute<Node[]>(
    `select id, parent_id, name, slug, path::text as path from categories
     where lower(name) in (select lower(value) from jsonb_array_elements_text(?::jsonb))`,
    [JSON.stringify(names)],
  );
  const nodes = new Map(known.map((node) => [key(node.parent_id, node.name), node]));
  const walk = (path: readonly string[]): Node | undefined => {
    let node: Node | undefined;
    for (const name of path) {
      node = nodes.get(key(node?.id ?? null, name));
      if (node === undefined) return undefined;
    }
    return node;
  };

  const missing = paths.filter((path) => walk(path) === undefined);
  if (missing.length > 0) {
    const taken = new Set(
      (await em.execute<{ slug: string }[]>('select slug from categories')).map(({ slug }) => slug),
    );
    const added = missing.flatMap((path) => grow(path, nodes, taken));
    await em.execute(
      `insert into categories (id, parent_id, slug, name, path)
       select id, parent_id, slug, name, path::ltree
       from jsonb_to_recordset(?::jsonb) as c (id uuid, parent_id uuid, slug text, name text, path text)`,
      [JSON.stringify(added)],
      'run',
    );
  }
  return (path) => {
    const node = walk(path);
    if (node === undefined) throw new RangeError('this category path was not asked for');
    return node.id;
  };
}

/** Adds what `path` lacks to `nodes` and `taken`; answers what it added, parents first. */
function grow(path: readonly string[], nodes: Map<string, Node>, taken: Set<string>): Node[] {
  const added: Node[] = [];
  path.reduce<Node | null>((parent, name) => {
    const known = nodes.get(key(parent?.id ?? null, name));
    if (known !== undefined) return known;
    const node = child(parent, name, taken);
    nodes.set(key(node.parent_id, name), node);
    added.push(node);
    return node;
  }, null);
  return added;
}

function child(parent: Node | null, name: string, taken: Set<string>): Node {
  const slug = firstFree(categorySlugs(name, parent), taken);
  const path = parent === null ? slug : `${parent.path}.${slug}`;
  return { id: newId(), parent_id: parent?.id ?? null, name, slug, path };
}

/** The first candidate that is not taken, which then is. */
export function firstFree(candidates: readonly string[], taken: Set<string>): string {
  const free = candidates.find((candidate) => !taken.has(candidate));
  if (free === undefined) throw new Error('no free slug');
  taken.add(free);
  return free;
}

const key = (parentId: string | null, name: string): string => `${parentId ?? ''}/${name.toLowerCase()}`;
