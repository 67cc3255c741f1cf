import { createHash } from 'node:crypto';
import type { estypes } from '@elastic/elasticsearch';

const text = (analyzer = 'words') => ({ type: 'text', analyzer }) as const;
const keyword = { type: 'keyword' } as const;

export const settings: estypes.IndicesIndexSettings = {
  number_of_shards: 1,
  number_of_replicas: 0,
  refresh_interval: '1s',
  analysis: {
    filter: {
      stem: { type: 'stemmer', language: 'light_english' },
      beginnings: { type: 'edge_ngram', min_gram: 1, max_gram: 15 },
    },
    normalizer: { exact: { type: 'custom', filter: ['lowercase', 'asciifolding'] } },
    analyzer: {
      words: { type: 'custom', tokenizer: 'standard', filter: ['lowercase', 'asciifolding', 'stem'] },
      plain: { type: 'custom', tokenizer: 'standard', filter: ['lowercase', 'asciifolding'] },
      typed: { type: 'custom', tokenizer: 'standard', filter: ['lowercase', 'asciifolding', 'beginnings'] },
    },
  },
};

const exact = { type: 'keyword', normalizer: 'exact', ignore_above: 256 } as const;

export const mappings: estypes.MappingTypeMapping = {
  dynamic: 'strict',
  properties: {
    id: keyword,
    skus: exact,
    title: {
      ...text(),
      copy_to: ['all', 'spelling'],
      fields: { sort: { type: 'keyword', ignore_above: 512 }, typed: { ...text('typed'), search_analyzer: 'plain' } },
    },
    brand: {
      ...keyword,
      copy_to: ['all', 'spelling'],
      fields: { words: text(), typed: { ...text('typed'), search_analyzer: 'plain' } },
    },
    mpn: { ...exact, copy_to: ['all'], fields: { words: text() } },
    ean: keyword,
    description: { ...text(), copy_to: ['spelling'] },
    attributes: { ...text(), copy_to: ['spelling'] },
    category_slugs: keyword,
    category_names: { ...text(), copy_to: ['all', 'spelling'] },
    /** The one a product stands in: the last of its names. */
    shelf: text(),
    /** Minor units. */
    price: { type: 'long' },
    in_stock: { type: 'boolean' },
    created_at: { type: 'date', format: 'epoch_millis' },
    /** Title, brand, number and category together, so that words may be spread over them. */
    all: text(),
    spelling: text('plain'),
  },
};

/** Changes with the mapping: another one is another index. */
export const schemaHash = createHash('sha256')
  .update(JSON.stringify([settings, mappings]))
  .digest('hex')
  .slice(0, 8);
