import type { MikroORM } from '@mikro-orm/postgresql';
import type { Query, Transact } from '../../domain/kernel/transact.js';
import { isStale } from './prepared-driver.js';

const DEADLOCK = '40P01';
const SERIALIZATION_FAILURE = '40001';
const TRIES = 4;

/** Transactions at `read committed`; one that PostgreSQL ended over a conflict runs again. */
export function createTransact(orm: MikroORM): Transact {
  return async (work) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await orm.em.fork().transactional(work);
      } catch (error) {
        if (attempt === TRIES || !isConflict(error)) throw error;
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 20 * attempt));
      }
    }
  };
}

export const createQuery =
  (orm: MikroORM): Query =>
  (work) =>
    work(orm.em.fork());

function isConflict(error: unknown): boolean {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  return code === DEADLOCK || code === SERIALIZATION_FAILURE || isStale(error);
}
