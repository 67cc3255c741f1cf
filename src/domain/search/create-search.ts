import { categoryNames, findCards, type ProductCard } from '../catalogue/index.js';
import type { Clock } from '../kernel/clock.js';
import type { Query } from '../kernel/transact.js';
import { createBreaker } from './breaker.js';
import { positionFor, readCursor, writeCursor } from './cursor.js';
import type { Hits, SearchReader } from './ports.js';
import { suggestCategories } from './postgres-suggest.js';
import { correct } from './words.js';
import {
  PRICE_BANDS,
  type Backend,
  type FacetCounts,
  type Facets,
  type SearchRequest,
  type SearchResult,
  type Suggestions,
} from './types.js';

const CATEGORY_SUGGESTIONS = 3;
/** Beyond this an engine does not count its way to a page. */
const DEEPEST_SKIP = 9_000;

export interface SearchDeps {
  /** Null where there is no search engine. */
  readonly primary: SearchReader | null;
  readonly fallback: SearchReader;
  readonly query: Query;
  readonly now: Clock;
  /** Told each time the engine could not answer. */
  readonly onOutage: (error: unknown) => void;
}

export interface Search {
  /** @throws DomainError `validation_failed` for a cursor that is not of this search */
  search(request: SearchRequest): Promise<SearchResult>;
  suggest(text: string, limit: number): Promise<Suggestions>;
}

/**
 * Asks the search engine, and PostgreSQL while the engine fails. Prices and stock always come from PostgreSQL; a hit
 * that no longer meets the filters there is left out of its page.
 */
export function createSearch({ primary, fallback, query, now, onOutage }: SearchDeps): Search {
  const breaker = createBreaker({ now });

  async function ask<T>(
    question: (reader: SearchReader, backend: Backend) => Promise<T>,
    engine: boolean,
  ): Promise<{ answer: T; backend: Backend }> {
    if (engine && primary !== null && breaker.admits()) {
      try {
        const answer = await question(primary, 'elasticsearch');
        breaker.succeeded();
        return { answer, backend: 'elasticsearch' };
      } catch (error) {
        breaker.failed();
        onOutage(error);
      }
    }
    return { answer: await question(fallback, 'postgresql'), backend: 'postgresql' };
  }

  return {
    async search(request) {
      const cursor = request.cursor === undefined ? null : readCursor(request.cursor, request.sort);
      const countable = cursor === null || cursor.backend === 'elasticsearch' || cursor.seen <= DEEPEST_SKIP;
      const { answer, backend } = await ask<Hits>(
        (reader, asked) => reader.search({ ...request, position: positionFor(cursor, asked) }),
        countable,
      );
      const cards = await query((em) =>
        findCards(
          em,
          answer.hits.map((hit) => hit.id),
        ),
      );
      const names = await query((em) =>
        categoryNames(
          em,
          answer.facets.category.map((facet) => facet.value),
        ),
      );
      const last = answer.hits.at(-1);
      const seen = (cursor?.seen ?? 0) + answer.hits.length;
      return {
        data: cards.filter((card) => stillMeets(card, request)),
        total: answer.total,
        facets: nameFacets(answer.facets, names),
        didYouMean: correct(request.text, answer.corrections),
        nextCursor: answer.more && last !== undefined ? writeCursor({ sort: request.sort, backend, seen, last }) : null,
        backend,
      };
    },

    async suggest(text, limit) {
      const { answer, backend } = await ask((reader) => reader.suggest(text, limit), true);
      const categories = await query((em) => suggestCategories(em, text, CATEGORY_SUGGESTIONS));
      const cards = await query((em) => findCards(em, answer.productIds));
      return {
        data: [
          ...categories.map(({ name, slug }) => ({ kind: 'category' as const, text: name, slug })),
          ...answer.brands.map((brand) => ({ kind: 'brand' as const, text: brand, slug: null })),
          ...cards.map(({ title, slug }) => ({ kind: 'product' as const, text: title, slug })),
        ].slice(0, limit),
        backend,
      };
    },
  };
}

const stillMeets = (card: ProductCard, { minPrice, maxPrice, inStock }: SearchRequest): boolean =>
  (minPrice === undefined || card.price.amount >= minPrice) &&
  (maxPrice === undefined || card.price.amount <= maxPrice) &&
  (inStock === undefined || card.inStock === inStock);

function nameFacets(counts: FacetCounts, names: ReadonlyMap<string, string>): Facets {
  return {
    brand: counts.brand,
    inStock: counts.inStock,
    category: counts.category.flatMap((facet) => {
      const name = names.get(facet.value);
      return name === undefined ? [] : [{ ...facet, name }];
    }),
    price: counts.price.flatMap((count, index) => {
      const next = PRICE_BANDS[index + 1];
      return count === 0
        ? []
        : [{ minPrice: PRICE_BANDS[index] ?? 0, maxPrice: next === undefined ? null : next - 1, count }];
    }),
  };
}
