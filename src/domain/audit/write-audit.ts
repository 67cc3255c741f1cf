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
  /** The key of `data` whose value this object meets once: a repeat writes nothing. */
  readonly once?: string;
}

/** Appends to the audit log in the caller's transaction: what is not committed was not done. */
export async function writeAudit(em: EntityManager, entry: AuditEntry): Promise<void> {
  const { once = null, object, data = {} } = entry;
  if (once !== null) {
    // repeats at once wait for each other
    await em.execute('select pg_advisory_xact_lock(hashtextextended(?, 0))', [`audit:${object.type}:${object.id}`]);
    const [before] = await em.execute<unknown[]>(
      'select 1 from audit_log where object_type = ? and object_id = ? and action = ? and data->>? = ? limit 1',
      [object.type, object.id, entry.action, once, String(data[once])],
    );
    if (before !== undefined) return;
  }
  await em.execute(
    `insert into audit_log (actor_type, actor_id, action, object_type, object_id, data, request_id)
     values (?, ?, ?, ?, ?, ?::jsonb, ?)`,
    [
      entry.actor.type,
      entry.actor.id ?? null,
      entry.action,
      object.type,
      object.id,
      JSON.stringify(data),
      entry.requestId ?? null,
    ],
    'run',
  );
}
