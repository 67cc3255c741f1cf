import { cancellationSignal, heartbeat } from '@temporalio/activity';
import {
  batches,
  closeImport,
  countCatalogue,
  findImport,
  halves,
  importBatch,
  importFile,
  isClosed,
  readEntries,
  refused,
  resumeImport,
  type Batch,
  type ImportProgress,
  type LineSource,
} from '../domain/catalogue/index.js';
import type { Clock } from '../domain/kernel/clock.js';
import { DomainError } from '../domain/kernel/errors.js';
import type { Query, Transact } from '../domain/kernel/transact.js';

const BATCH_LINES = 250;
const BEAT_MS = 5_000;

export interface CatalogueActivityDeps {
  readonly transact: Transact;
  readonly query: Query;
  readonly source: LineSource;
  /** The one currency the shop sells in. */
  readonly currency: string;
  readonly now: Clock;
  /** After this long the activity answers with its progress and is called again. Milliseconds. */
  readonly sliceMs: number;
  /** Its abort does the same: a worker that stops leaves the rest to another one. */
  readonly stopping?: AbortSignal;
}

/** Importing a file: each batch is one transaction, so whatever dies, the next attempt goes on behind the last one. */
export function createCatalogueActivities(deps: CatalogueActivityDeps) {
  const { transact, query, source, currency, now, sliceMs, stopping } = deps;

  return {
    /** Imports for a while and says how far it got; `running` asks to be called again. */
    async importCatalogue(importId: string): Promise<ImportProgress> {
      const started = now().getTime();
      let after = 0;
      // also while a packed file is read up to where the last attempt stopped
      const beat = setInterval(() => heartbeat({ line: after }), BEAT_MS);
      try {
        const file = await source.open(await query((em) => importFile(em, importId)));
        const from = await transact((em) => resumeImport(em, importId, file));
        if (from === null) return await query((em) => findImport(em, importId));
        after = from.line;
        for await (const batch of batches(readEntries(file, from, currency), BATCH_LINES)) {
          after = await write(importId, after, batch);
          heartbeat({ line: after });
          cancellationSignal().throwIfAborted();
          if (stopping?.aborted === true || now().getTime() - started >= sliceMs)
            return await query((em) => findImport(em, importId));
        }
        await transact((em) => closeImport(em, importId, { status: 'completed', failure: null }, now()));
        // autovacuum would do it too, a minute later
        await query(countCatalogue).catch(() => undefined);
      } catch (error) {
        if (!(error instanceof DomainError)) throw error;
        // cancelled meanwhile: its next batch finds it closed, or its pieces gone
        const ended = await query((em) => findImport(em, importId));
        if (isClosed(ended.status)) return ended;
        if (!ENDS_IMPORT.has(error.code)) throw error;
        await transact((em) => closeImport(em, importId, { status: 'failed', failure: error.message }, now()));
      } finally {
        clearInterval(beat);
      }
      return query((em) => findImport(em, importId));
    },

    /** Marks an import whose flow ends early; harmless when it has ended. */
    async abandonImport(importId: string, status: 'cancelled' | 'failed'): Promise<void> {
      const failure = status === 'failed' ? 'its flow failed' : null;
      await transact(async (em) => void (await closeImport(em, importId, { status, failure }, now())));
    },
  };

  /** A batch with a row that PostgreSQL refuses is split until that line stands alone and is recorded. */
  async function write(importId: string, after: number, batch: Batch): Promise<number> {
    try {
      await transact((em) => importBatch(em, { importId, after, entries: batch }));
      return (batch.at(-1) ?? batch[0]).line;
    } catch (error) {
      const state = refusedByDatabase(error);
      if (state === null) throw error;
      const parts = halves(batch);
      if (parts !== null) return write(importId, await write(importId, after, parts[0]), parts[1]);
      if (batch[0].parsed.kind === 'refused') throw error;
      return write(importId, after, [{ ...batch[0], parsed: refused('(line)', `the database refused it (${state})`) }]);
    }
  }
}

export type CatalogueActivities = ReturnType<typeof createCatalogueActivities>;

const ENDS_IMPORT: ReadonlySet<string> = new Set(['not_found', 'bad_request', 'conflict']);

/** Data exceptions and broken constraints, by SQLSTATE. */
function refusedByDatabase(error: unknown): string | null {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  return typeof code === 'string' && /^2[23][0-9A-Z]{3}$/.test(code) ? code : null;
}
