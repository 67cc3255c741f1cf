import { cancellationSignal, heartbeat } from '@temporalio/activity';
import { learnWords, readChanges, readChangesAfter, type SearchIndex } from '../domain/search/index.js';
import type { Query, Transact } from '../domain/kernel/transact.js';

const PRODUCTS_AT_ONCE = 500;
const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

export interface SearchActivityDeps {
  readonly transact: Transact;
  readonly query: Query;
  /** Null where there is no search engine: only the words for spelling are kept then. */
  readonly index: SearchIndex | null;
}

export interface IndexOutcome {
  /** Searches do not read this index yet: it has to be filled and activated first. */
  readonly rebuild: boolean;
}

/** Keeping the search index level with PostgreSQL; whatever is repeated or overtaken, the later truth stays. */
export function createSearchActivities({ transact, query, index }: SearchActivityDeps) {
  return {
    /** Reads these products as they are now and writes them to the index. */
    async indexProducts(productIds: readonly string[]): Promise<IndexOutcome> {
      if (productIds.length > 0) await transact((em) => learnWords(em, productIds));
      if (index === null) return { rebuild: false };
      const state = await index.ensure();
      for (let from = 0; from < productIds.length; from += PRODUCTS_AT_ONCE)
        await index.write(await query((em) => readChanges(em, productIds.slice(from, from + PRODUCTS_AT_ONCE))));
      return { rebuild: state === 'rebuild' };
    },

    /** Fills the index with every product and lets searches read it. Begins anew each time: the index may be new too. */
    async rebuildIndex(): Promise<{ readonly products: number }> {
      if (index === null) return { products: 0 };
      await index.ensure();
      let products = 0;
      let page = await query((em) => readChangesAfter(em, BEFORE_ALL, PRODUCTS_AT_ONCE));
      for (let last = page.at(-1); last !== undefined; last = page.at(-1)) {
        const { id } = last;
        const ids = page.map((change) => change.id);
        await index.write(page);
        await transact((em) => learnWords(em, ids));
        products += page.length;
        heartbeat({ products });
        cancellationSignal().throwIfAborted();
        page = await query((em) => readChangesAfter(em, id, PRODUCTS_AT_ONCE));
      }
      await index.activate();
      return { products };
    },
  };
}

export type SearchActivities = ReturnType<typeof createSearchActivities>;
