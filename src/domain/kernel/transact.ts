import type { EntityManager } from '@mikro-orm/postgresql';

/**
 * Runs `work` in one transaction on a fresh entity manager and commits. The only thing that commits;
 * everything below takes `em` and joins. `work` may run again after a deadlock, so it must have no
 * effects but those on the database, and it makes no network call.
 */
export type Transact = <T>(work: (em: EntityManager) => Promise<T>) => Promise<T>;

/** Runs `work` on a fresh entity manager without a transaction: for single statements, each of which stands alone. */
export type Query = <T>(work: (em: EntityManager) => Promise<T>) => Promise<T>;
