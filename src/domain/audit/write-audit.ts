import type { EntityManager } from '@mikro-orm/postgresql';

export interface AuditEntry {
  readonly actor:
    | { readonly type: 'user' | 'operator'; readonly id: string }
    | { readonly type: 'guest' | 'system' | 'provider'; readonly id?: string };
  /** Verb in the past tense with its object: `stock.adjusted`. */
  readonly action: string;
  readonly object: { readonly type: string; readonly id: string };
  /** Ids, codes and numbers; never personal data or secrets. */
  readonly data?: Readonly<Record<string, unknown>>;
  readonly requestId?: string;
}

/** Appends to the audit log in the caller's transaction: what is not committed was not done. */
export async function writeAudit(em: EntityManager, entry: AuditEntry): Promise<void> {
  await em.execute(
    `insert into audit_log (actor_type, actor_id, action, object_type, object_id, data, request_id)
     values (?, ?, ?, ?, ?, ?::jsonb, ?)`,
    [
      entry.actor.type,
      entry.actor.id ?? null,
      entry.action,
      entry.object.type,
      entry.object.id,
      JSON.stringify(entry.data ?? {}),
      entry.requestId ?? null,
    ],
    'run',
  );
}
