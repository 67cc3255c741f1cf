export { createSearch, type Search, type SearchDeps } from './create-search.js';
export { readChanges, readChangesAfter } from './documents.js';
export type * from './ports.js';
export { createPostgresSearch } from './postgres-search.js';
export * from './types.js';
export { learnWords } from './words.js';
