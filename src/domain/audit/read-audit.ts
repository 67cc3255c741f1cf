import type { EntityManager } from '@mikro-orm/postgresql';

export interface AuditRecord {
  readonly id: number;
  readonly at: string;
  readonly actorType: string;
  readonly actorId: string | null;
  readonly action: string;
  readonly objectType: string;
  readonly objectId: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly requestId: string | null;
}

export interface AuditQuery {
  readonly limit: number;
  /** The last id of the page before. */
  readonly before: number | null;
  readonly object: { readonly type: string; readonly id: string } | null;
  readonly actorId: string | null;
}

/** Newest first. */
export function readAudit(em: EntityManager, { limit, before, object, actorId }: AuditQuery): Promise<AuditRecord[]> {
  const conditions: [string, unknown[]][] = [];
  if (before !== null) conditions.push(['id < ?', [before]]);
  if (object !== null) conditions.push(['object_type = ? and object_id = ?', [object.type, object.id]]);
  if (actorId !== null) conditions.push(['actor_id = ?', [actorId]]);
  const where = conditions.length === 0 ? '' : `where ${conditions.map(([condition]) => condition).join(' and ')}`;
  return em.execute<AuditRecord[]>(
    `select id, at, actor_type as "actorType", actor_id as "actorId", action, object_type as "objectType",
       object_id as "objectId", data, request_id as "requestId"
     from audit_log ${where} order by id desc limit ?`,
    [...conditions.flatMap(([, parameters]) => parameters), limit],
  );
}
