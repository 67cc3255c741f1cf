import { isDeepStrictEqual } from 'node:util';
import { Client, errors } from '@elastic/elasticsearch';
import type { IndexChange, OutOfStep, ProductDocument, SearchIndex } from '../../domain/search/ports.js';
import { fromSearchAnswer, fromSuggestAnswer } from './answer.js';
import { mappings, schemaHash, settings } from './mapping.js';
import { toSearchBody, toSuggestBody } from './question.js';

export interface ElasticsearchOptions {
  readonly url: string;
  /** The alias that is searched; behind it stands one index for each mapping. */
  readonly alias: string;
  /** A search that takes longer fails. Milliseconds. */
  readonly searchTimeoutMs?: number;
  readonly writeTimeoutMs?: number;
}

export interface ElasticsearchIndex extends SearchIndex {
  /** The index that is written to. */
  readonly name: string;
  /** Resolves when the engine answers. */
  ping(): Promise<void>;
  /** Makes what was written visible at once; else it takes up to a second. */
  refresh(): Promise<void>;
  /** Removes the index with all that is in it. */
  drop(): Promise<void>;
  close(): Promise<void>;
}

const GONE = 404;
const NEWER_THERE = 409;

/** Products in Elasticsearch. Retries are left to who calls: a search has its fallback, a write its flow. */
export function createElasticsearchIndex(options: ElasticsearchOptions): ElasticsearchIndex {
  const { alias } = options;
  const name = `${alias}-${schemaHash}`;
  const client = new Client({ node: options.url, maxRetries: 0, requestTimeout: options.writeTimeoutMs ?? 20_000 });
  const quick = { requestTimeout: options.searchTimeoutMs ?? 1_000 };

  return {
    name,

    async search(query) {
      return fromSearchAnswer(await client.search({ index: alias, ...toSearchBody(query) }, quick), query.limit);
    },

    async suggest(text, limit) {
      return fromSuggestAnswer(await client.search({ index: alias, ...toSuggestBody(text, limit) }, quick));
    },

    async ensure() {
      const found = await client.indices.get({ index: name, allow_no_indices: true, ignore_unavailable: true });
      const index = found[name];
      // a write into a lost index makes one that guesses its mapping
      if (index !== undefined && index.mappings?._meta?.['schema'] !== schemaHash)
        await client.indices.delete({ index: name });
      else if (index !== undefined) return index.aliases?.[alias] === undefined ? 'rebuild' : 'ready';
      await createIndex(client, name);
      return 'rebuild';
    },

    async write(changes) {
      if (changes.length === 0) return;
      const answer = await client.bulk({ index: name, operations: changes.flatMap(toOperations) });
      if (!answer.errors) return;
      const failed = answer.items
        .map((item) => item.index ?? item.delete)
        .find(
          (item) => item !== undefined && item.status >= 300 && item.status !== NEWER_THERE && item.status !== GONE,
        );
      if (failed !== undefined)
        throw new Error(`the search index refused ${failed._id ?? '?'}: ${failed.error?.type ?? failed.status}`);
    },

    async compare(changes) {
      if (changes.length === 0) return [];
      const { docs } = await client.mget<ReturnType<typeof toSource>>({
        index: name,
        ids: changes.map(({ id }) => id),
      });
      const found = new Map(docs.map((doc) => [doc._id, '_source' in doc ? doc._source : undefined]));
      return changes.flatMap((change) => outOfStep(change, found.get(change.id)));
    },

    async ids(after, limit) {
      const { hits } = await client.search({
        index: name,
        size: limit,
        sort: [{ id: 'asc' }],
        _source: false,
        track_total_hits: false,
        ...(after === null ? {} : { search_after: [after] }),
      });
      return hits.hits.map((hit) => hit._id ?? '');
    },

    async activate() {
      const behind = await client.indices.getAlias({ name: alias }, { ignore: [GONE] });
      const old = Object.keys('error' in behind ? {} : behind).filter((each) => each !== name);
      await client.indices.refresh({ index: name });
      await client.indices.updateAliases({
        actions: [{ add: { index: name, alias } }, ...old.map((index) => ({ remove_index: { index } }))],
      });
    },

    async ping() {
      await client.info({}, quick);
    },

    async refresh() {
      await client.indices.refresh({ index: name });
    },

    async drop() {
      await client.indices.delete({ index: name, ignore_unavailable: true });
    },

    close: () => client.close(),
  };
}

async function createIndex(client: Client, index: string): Promise<void> {
  try {
    await client.indices.create({ index, settings, mappings: { ...mappings, _meta: { schema: schemaHash } } });
  } catch (error) {
    if (!(error instanceof errors.ResponseError && error.body?.error?.type === 'resource_already_exists_exception'))
      throw error;
  }
}

function toOperations({ id, version, document }: IndexChange): object[] {
  const meta = { _id: id, version, version_type: 'external_gte' };
  return document === null ? [{ delete: meta }] : [{ index: meta }, toSource(document)];
}

function outOfStep({ id, document }: IndexChange, found: ReturnType<typeof toSource> | undefined): OutOfStep[] {
  const should = document === null ? 'absent' : 'present';
  if (found === undefined) return document === null ? [] : [{ id, should, is: 'absent' }];
  if (document === null) return [{ id, should, is: 'present' }];
  // as it would be written
  return isDeepStrictEqual(found, JSON.parse(JSON.stringify(toSource(document)))) ? [] : [{ id, should, is: 'stale' }];
}

const toSource = (document: ProductDocument) => ({
  id: document.id,
  skus: document.skus,
  title: document.title,
  brand: document.brand,
  mpn: document.mpn,
  ean: document.ean,
  description: document.description,
  attributes: document.attributes,
  category_slugs: document.categorySlugs,
  category_names: document.categoryNames,
  shelf: document.categoryNames.at(-1) ?? '',
  price: document.price,
  in_stock: document.inStock,
  created_at: document.createdAt,
});
