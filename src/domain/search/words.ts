import type { EntityManager } from '@mikro-orm/postgresql';
import type { Correction } from './ports.js';

const SHORTEST = 4;

/** Adds the words of these products' titles, brands and categories to those that spelling is corrected with. */
export async function learnWords(em: EntityManager, productIds: readonly string[]): Promise<void> {
  await em.execute(
    `insert into search_words (word)
     select distinct lower(word) from products p join categories c on c.id = p.category_id
     cross join regexp_split_to_table(p.title || ' ' || p.brand || ' ' || c.name, '[^[:alnum:]]+') as word
     where p.id in (select value::uuid from jsonb_array_elements_text(?::jsonb))
       and length(word) between ${SHORTEST} and 40 and word !~ '[0-9]'
     order by 1
     on conflict do nothing`,
    [JSON.stringify(productIds)],
    'run',
  );
}

/** For each word of the text that no product has, the nearest that one has. */
export async function findCorrections(em: EntityManager, text: string): Promise<Correction[]> {
  const words = [...new Set(text.toLowerCase().match(/\p{L}+/gu) ?? [])].filter((word) => word.length >= SHORTEST);
  if (words.length === 0) return [];
  return em.execute<Correction[]>(
    `select typed, near.word from jsonb_array_elements_text(?::jsonb) as typed
     cross join lateral (
       select word from search_words where word % typed order by similarity(word, typed) desc, word limit 1
     ) near
     where not exists (select from products where search @@ plainto_tsquery('english', typed))
       and not exists (select from products where search @@ plainto_tsquery('simple', typed))
       and near.word <> typed`,
    [JSON.stringify(words)],
  );
}

/** The text with its words corrected; null where none is. */
export function correct(text: string, corrections: readonly Correction[]): string | null {
  const replacements = new Map(corrections.map(({ typed, word }) => [typed, word]));
  const corrected = text.replace(/[\p{L}\p{N}]+/gu, (word) => replacements.get(word.toLowerCase()) ?? word);
  return corrected === text ? null : corrected;
}
