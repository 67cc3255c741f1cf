import type { EntityManager } from '@mikro-orm/postgresql';
import { writeAudit } from '../audit/index.js';
import { DomainError, notFound } from '../kernel/errors.js';
import { ImportEntity } from './entities.js';
import type { SourcePosition } from './ports.js';
import { isClosed, type ImportProgress, type ImportRefusal } from './types.js';

/** Records that a file is to be imported; its flow does the rest. `source` is the file's path. */
export async function requestImport(
  em: EntityManager,
  input: { readonly importId: string; readonly source: string; readonly startedBy: string | null },
): Promise<void> {
  await em.insert(ImportEntity, { id: input.importId, source: input.source, startedBy: input.startedBy });
  await writeAudit(em, {
    actor: input.startedBy === null ? { type: 'system' } : { type: 'user', id: input.startedBy },
    action: 'import.requested',
    object: { type: 'import', id: input.importId },
  });
}

/** The file an import reads. */
export async function importSource(em: EntityManager, importId: string): Promise<string> {
  return (await findRow(em, importId)).source;
}

/**
 * Opens or reopens an import and says where it stands; null when it has ended.
 * @throws DomainError `conflict` when the file is no longer the one it began with
 */
export async function resumeImport(
  em: EntityManager,
  importId: string,
  fingerprint: string,
): Promise<SourcePosition | null> {
  const row = await findRow(em, importId);
  if (isClosed(row.status)) return null;
  if (row.fingerprint !== null && row.fingerprint !== fingerprint)
    throw new DomainError('conflict', 'the import file changed while it was imported', { importId });
  await em.nativeUpdate(ImportEntity, { id: importId }, { status: 'running', fingerprint });
  return { line: row.linesRead, offset: row.byteOffset };
}

/** Closes an import; one that is closed stays as it is. */
export async function closeImport(
  em: EntityManager,
  importId: string,
  end: { readonly status: 'completed' | 'failed' | 'cancelled'; readonly failure: string | null },
  now: Date,
): Promise<void> {
  const changed = await em.nativeUpdate(
    ImportEntity,
    { id: importId, status: { $in: ['accepted', 'running'] } },
    { status: end.status, failure: end.failure, finishedAt: now },
  );
  if (changed === 0) return;
  await writeAudit(em, {
    actor: { type: 'system' },
    action: `import.${end.status}`,
    object: { type: 'import', id: importId },
  });
}

/** @throws DomainError `not_found` */
export async function findImport(em: EntityManager, importId: string): Promise<ImportProgress> {
  const row = await findRow(em, importId);
  return {
    importId,
    status: row.status,
    failure: row.failure ?? null,
    linesRead: row.linesRead,
    created: row.created,
    updated: row.updated,
    unchanged: row.unchanged,
    refused: row.refused,
  };
}

/** What was refused behind a line, in the order of the file; at most `limit` rows. */
export const listRefusals = (
  em: EntityManager,
  importId: string,
  after: Pick<ImportRefusal, 'line' | 'field'>,
  limit: number,
): Promise<ImportRefusal[]> =>
  em.execute<ImportRefusal[]>(
    `select line, field, reason from import_refusals
     where import_id = ? and (line, field) > (?, ?) order by line, field limit ?`,
    [importId, after.line, after.field, limit],
  );

async function findRow(em: EntityManager, importId: string) {
  const row = await em.findOne(ImportEntity, { id: importId }, { disableIdentityMap: true });
  if (row === null) throw notFound('import');
  return row;
}
