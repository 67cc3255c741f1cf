import type { EntityManager } from '@mikro-orm/postgresql';
import type { AuditEntry } from '../audit/index.js';

/** Who changes what things cost. */
export type Author = Pick<AuditEntry, 'actor' | 'requestId'>;

/** Changes of rules come one after the other, so that what one of them has looked at holds until it commits. */
export async function lockRules(em: EntityManager): Promise<void> {
  await em.execute("select pg_advisory_xact_lock(hashtextextended('pricing.rules', 0))");
}
