import type { TestShop } from './shop.js';

/** Tables that change with every answer, whatever it is. */
const RESTLESS = new Set(['sessions']);

/** What every table holds, in a hash each: two that are the same mean that nothing was changed between them. */
export function createFingerprint(shop: Pick<TestShop, 'rows'>): () => Promise<Record<string, string>> {
  return async () => {
    const tables = await shop.rows<{ name: string }>(
      "select relname as name from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace order by 1",
    );
    const sums = tables
      .filter(({ name }) => !RESTLESS.has(name))
      .map(
        ({ name }) =>
          `select '${name}' as name, md5(coalesce(string_agg(t::text, '|' order by t::text), '')) as hash from "${name}" t`,
      );
    const rows = await shop.rows<{ name: string; hash: string }>(sums.join(' union all '));
    return Object.fromEntries(rows.map(({ name, hash }) => [name, hash]));
  };
}
