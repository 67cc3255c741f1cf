import type { EntityManager } from '@mikro-orm/postgresql';
import type { Administrator } from '../users/index.js';
import { ImportEntity } from './entities.js';
import { announceImport } from './imports.js';
import type { ImportFormat } from './types.js';

/** Longer than any upload may take. */
const ABANDONED = "now() - interval '1 hour'";

/** Begins an upload: until it is accepted nobody sees the import. `name` is what its sender calls the file. */
export async function openUpload(
  em: EntityManager,
  upload: {
    readonly importId: string;
    readonly name: string;
    readonly format: ImportFormat;
    readonly startedBy: string;
  },
): Promise<void> {
  const { importId: id, name: source, format, startedBy } = upload;
  await em.insert(ImportEntity, { id, source, format, startedBy, uploaded: true, status: 'receiving' });
}

/** Pieces are numbered from 0, and all but the last are `PIECE_BYTES` long. */
export async function addPiece(em: EntityManager, importId: string, number: number, bytes: Buffer): Promise<void> {
  await em.execute(
    `insert into import_pieces (import_id, number, bytes) values (?, ?, decode(?, 'base64'))`,
    [importId, number, bytes.toString('base64')],
    'run',
  );
}

/** The upload is whole: from here on it is imported, whatever dies. */
export async function acceptUpload(
  em: EntityManager,
  by: Administrator,
  upload: { readonly importId: string; readonly digest: string; readonly totalBytes: number | null },
): Promise<void> {
  const { importId, digest, totalBytes } = upload;
  const accepted = await em.nativeUpdate(
    ImportEntity,
    { id: importId, status: 'receiving' },
    { status: 'accepted', fingerprint: digest, totalBytes },
  );
  if (accepted === 0) throw new Error('the upload was swept while it was received');
  await announceImport(em, importId, { type: by.type, id: by.id }, by.requestId);
}

/** Forgets an upload that did not become an import. */
export const dropUpload = (em: EntityManager, importId: string): Promise<number> =>
  em.nativeDelete(ImportEntity, { id: importId, status: 'receiving' });

/** Forgets uploads whose process died, a few at a time as each may be large; answers how many. */
export async function sweepUploads(em: EntityManager, limit = 4): Promise<number> {
  const deleted = await em.execute<{ id: string }[]>(
    `delete from imports where id in (
       select id from imports where status = 'receiving' and created_at < ${ABANDONED}
       order by created_at limit ? for update skip locked)
     returning id`,
    [limit],
  );
  return deleted.length;
}

/** Null behind the last piece. */
export async function readPiece(em: EntityManager, importId: string, number: number): Promise<Buffer | null> {
  const [row] = await em.execute<{ bytes: Buffer }[]>(
    'select bytes from import_pieces where import_id = ? and number = ?',
    [importId, number],
  );
  return row?.bytes ?? null;
}
