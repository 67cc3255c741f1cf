import type { EntityManager } from '@mikro-orm/postgresql';
import type { InferEntity } from '@mikro-orm/core';
import { writeAudit, type AuditEntry } from '../audit/index.js';
import { DomainError, notFound } from '../kernel/errors.js';
import { publish } from '../outbox/index.js';
import type { Administrator } from '../users/index.js';
import { ImportEntity } from './entities.js';
import type { ImportFile, Source, SourcePosition } from './ports.js';
import { isClosed, type ImportFormat, type ImportProgress, type ImportRecord, type ImportRefusal } from './types.js';

/** Records that a file on the worker's disk is to be imported; the outbox starts its flow. */
export async function requestImport(
  em: EntityManager,
  input: {
    readonly importId: string;
    /** Its path. */
    readonly source: string;
    readonly format?: ImportFormat;
    readonly startedBy: string | null;
  },
): Promise<void> {
  const { importId: id, source, format = 'ndjson', startedBy } = input;
  await em.insert(ImportEntity, { id, source, format, startedBy });
  await announceImport(em, id, startedBy === null ? { type: 'system' } : { type: 'user', id: startedBy });
}

/** Has the flow of an import started, in the transaction that made it whole. */
export async function announceImport(
  em: EntityManager,
  importId: string,
  actor: AuditEntry['actor'],
  requestId?: string,
): Promise<void> {
  await publish(em, { topic: 'import.accepted', key: importId, payload: { importId } });
  await writeAudit(em, {
    actor,
    action: 'import.requested',
    object: { type: 'import', id: importId },
    ...(requestId === undefined ? {} : { requestId }),
  });
}

/** The file an import reads. @throws DomainError `not_found` */
export async function importFile(em: EntityManager, importId: string): Promise<ImportFile> {
  const { uploaded, format, source, fingerprint } = await findRow(em, importId);
  return uploaded ? { format, uploadId: importId, fingerprint: fingerprint ?? '' } : { format, path: source };
}

/**
 * Opens or reopens an import and says where it stands; null when it has ended.
 * @throws DomainError `conflict` when the file is no longer the one it began with
 */
export async function resumeImport(
  em: EntityManager,
  importId: string,
  { fingerprint, size }: Pick<Source, 'fingerprint' | 'size'>,
): Promise<SourcePosition | null> {
  const row = await findRow(em, importId);
  if (row.fingerprint !== null && row.fingerprint !== fingerprint && !isClosed(row.status))
    throw new DomainError('conflict', 'the import file changed while it was imported', { importId });
  const opened = await em.nativeUpdate(
    ImportEntity,
    { id: importId, status: { $in: ['accepted', 'running'] } },
    { status: 'running', fingerprint, ...(size === null ? {} : { totalBytes: size }) },
  );
  return opened === 0 ? null : { line: row.linesRead, offset: row.byteOffset };
}

/** Imports that were accepted and have not ended, by id. */
export async function findOpenImports(em: EntityManager): Promise<string[]> {
  const rows = await em.execute<{ id: string }[]>(
    `select id from imports where status in ('accepted', 'running') order by id`,
  );
  return rows.map((row) => row.id);
}

export interface ImportEnd {
  readonly status: 'completed' | 'failed' | 'cancelled';
  readonly failure: string | null;
}

/** Closes an import and drops what was uploaded for it; one that is closed stays as it is. Answers whether it was open. */
export async function closeImport(
  em: EntityManager,
  importId: string,
  end: ImportEnd,
  now: Date,
  by?: Administrator,
): Promise<boolean> {
  const changed = await em.nativeUpdate(
    ImportEntity,
    { id: importId, status: { $in: ['accepted', 'running'] } },
    { status: end.status, failure: end.failure, finishedAt: now },
  );
  if (changed === 0) return false;
  await em.execute('delete from import_pieces where import_id = ?', [importId], 'run');
  await writeAudit(em, {
    actor: by === undefined ? { type: 'system' } : { type: by.type, id: by.id },
    action: `import.${end.status}`,
    object: { type: 'import', id: importId },
    ...(by?.requestId === undefined ? {} : { requestId: by.requestId }),
  });
  return true;
}

/** Has PostgreSQL count what an import has written; until it has, it plans the lists for a shop that is nearly empty. */
export const countCatalogue = (em: EntityManager): Promise<unknown> =>
  em.execute('analyze categories, products, variants, stock_levels', [], 'run');

/**
 * Ends an import by hand. What it imported stays; the batch under way is the last, as the next one finds it closed.
 * @throws DomainError `not_found`; `invalid_transition` when it has ended otherwise
 */
export async function cancelImport(em: EntityManager, by: Administrator, importId: string, now: Date): Promise<void> {
  const { status } = await findRow(em, importId);
  if (status === 'receiving') throw notFound('import');
  if (await closeImport(em, importId, { status: 'cancelled', failure: null }, now, by)) return;
  const { status: ended } = await findRow(em, importId);
  if (ended !== 'cancelled')
    throw new DomainError('invalid_transition', `the import is ${ended}`, { importId, status: ended });
}

/** @throws DomainError `not_found` */
export async function findImport(em: EntityManager, importId: string): Promise<ImportProgress> {
  return toProgress(await findRow(em, importId));
}

/** As those see it who asked for it. @throws DomainError `not_found`, also while its file is being received */
export async function readImport(em: EntityManager, importId: string): Promise<ImportRecord> {
  const row = await findRow(em, importId);
  if (row.status === 'receiving') throw notFound('import');
  return toRecord(row);
}

/** Newest first, behind `before`; those whose file is being received are not there yet. */
export async function listImports(
  em: EntityManager,
  { limit, before }: { readonly limit: number; readonly before: string | null },
): Promise<ImportRecord[]> {
  const rows = await em.find(
    ImportEntity,
    { status: { $ne: 'receiving' }, ...(before === null ? {} : { id: { $lt: before } }) },
    { orderBy: { id: 'desc' }, limit, disableIdentityMap: true },
  );
  return rows.map(toRecord);
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

type ImportRow = InferEntity<typeof ImportEntity>;

const toProgress = (row: ImportRow): ImportProgress => ({
  importId: row.id,
  status: row.status,
  failure: row.failure ?? null,
  linesRead: row.linesRead,
  created: row.created,
  updated: row.updated,
  unchanged: row.unchanged,
  refused: row.refused,
});

const toRecord = (row: ImportRow): ImportRecord => ({
  ...toProgress(row),
  source: row.source,
  format: row.format,
  uploaded: row.uploaded,
  bytesRead: row.byteOffset,
  bytesTotal: row.totalBytes ?? null,
  startedBy: row.startedBy ?? null,
  createdAt: row.createdAt.toISOString(),
  finishedAt: row.finishedAt?.toISOString() ?? null,
});

async function findRow(em: EntityManager, importId: string): Promise<ImportRow> {
  const row = await em.findOne(ImportEntity, { id: importId }, { disableIdentityMap: true });
  if (row === null) throw notFound('import');
  return row;
}
