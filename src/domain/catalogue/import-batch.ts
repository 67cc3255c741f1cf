import type { EntityManager } from '@mikro-orm/postgresql';
import { importStock } from '../inventory/index.js';
import { DomainError } from '../kernel/errors.js';
import { publish } from '../outbox/index.js';
import { wakeNoticesOf } from '../stock-notices/index.js';
import type { ImportRefusal } from './types.js';
import type { ParsedLine } from './import-line.js';
import { planProducts, type PlannedLine } from './plan-products.js';
import { resolveCategories } from './resolve-categories.js';
import { findOwners, lockCatalogue, takenSlugs } from './store.js';
import { retireUnlisted, upsertProducts, upsertVariants } from './write-products.js';

export interface BatchEntry {
  readonly line: number;
  /** Where the next line begins. */
  readonly end: number;
  readonly parsed: ParsedLine;
}

export interface ImportBatch {
  readonly importId: string;
  /** The line the import must have reached, so that no batch is counted twice. */
  readonly after: number;
  /** No two of its lines claim one SKU. */
  readonly entries: readonly [BatchEntry, ...BatchEntry[]];
}

/**
 * Writes one batch: categories, products, variants, missing stock, refusals, the outbox row for the search
 * index and the import's progress. The number of statements does not depend on the number of lines, and
 * rows that already say the same are not written.
 * @throws DomainError `temporarily_unavailable` when another attempt got ahead
 */
export async function importBatch(em: EntityManager, batch: ImportBatch): Promise<void> {
  await lockCatalogue(em);
  await claimProgress(em, batch);

  const parsed = batch.entries.flatMap(({ line, parsed }) =>
    parsed.kind === 'line' ? [{ number: line, line: parsed.line }] : [],
  );
  const refusals: ImportRefusal[] = batch.entries.flatMap(({ line, parsed }) =>
    parsed.kind === 'refused' ? parsed.problems.map((problem) => ({ line, ...problem })) : [],
  );
  const owners = await findOwners(
    em,
    parsed.map(({ line }) => line),
  );
  const plan = planProducts(
    parsed,
    owners,
    await takenSlugs(
      em,
      parsed.map(({ line }) => line),
    ),
  );
  refusals.push(...plan.refusals);

  const changed = await writeLines(em, batch.importId, plan.lines);
  await writeRefusals(em, batch.importId, refusals);
  await announce(
    em,
    batch,
    plan.lines.filter((each) => changed.has(each.product.id)),
  );
  await advance(em, batch, {
    created: plan.lines.filter((each) => each.isNew).length,
    updated: plan.lines.filter((each) => !each.isNew && changed.has(each.product.id)).length,
    unchanged: plan.lines.filter((each) => !each.isNew && !changed.has(each.product.id)).length,
    refused: new Set(refusals.map((refusal) => refusal.line)).size,
  });
}

/** The ids of the products that were written. */
async function writeLines(
  em: EntityManager,
  importId: string,
  lines: readonly PlannedLine[],
): Promise<ReadonlySet<string>> {
  if (lines.length === 0) return new Set();
  const categoryOf = await resolveCategories(
    em,
    lines.map((each) => each.categoryPath),
  );
  const products = await upsertProducts(
    em,
    lines.map((each) => ({ ...each.product, category_id: categoryOf(each.categoryPath) })),
  );
  const variants = lines.flatMap((each) => each.variants);
  const listed = lines.filter((each) => each.listsVariants).map((each) => each.product.id);
  const varied = [...(await upsertVariants(em, variants)), ...(await retireUnlisted(em, listed, variants))];
  const stocked = lines.flatMap((each) => each.stock);
  await importStock(em, stocked, importId);
  await wakeNoticesOf(em, varied);
  // a stated stock may turn the product's availability in the search index
  const restocked = lines.filter((each) => each.stock.some((row) => row.replace)).map((each) => each.product.id);
  return new Set([...products, ...varied, ...restocked]);
}

async function claimProgress(em: EntityManager, batch: ImportBatch): Promise<void> {
  const [row] = await em.execute<{ lines_read: number; status: string }[]>(
    'select lines_read, status from imports where id = ? for update',
    [batch.importId],
  );
  if (row?.status !== 'running')
    throw new DomainError('invalid_transition', 'the import is not running', { importId: batch.importId });
  if (row.lines_read !== batch.after)
    throw new DomainError('temporarily_unavailable', 'another attempt of this import got ahead', {
      line: row.lines_read,
    });
}

async function advance(
  em: EntityManager,
  { importId, entries }: ImportBatch,
  counts: { created: number; updated: number; unchanged: number; refused: number },
): Promise<void> {
  const last = entries.at(-1) ?? entries[0];
  await em.execute(
    `update imports set lines_read = ?, byte_offset = ?, created = created + ?, updated = updated + ?,
       unchanged = unchanged + ?, refused = refused + ? where id = ?`,
    [last.line, last.end, counts.created, counts.updated, counts.unchanged, counts.refused, importId],
    'run',
  );
}

async function writeRefusals(em: EntityManager, importId: string, refusals: readonly ImportRefusal[]): Promise<void> {
  if (refusals.length === 0) return;
  await em.execute(
    `insert into import_refusals (import_id, line, field, reason)
     select ?::uuid, line, field, reason from jsonb_to_recordset(?::jsonb) as r (line integer, field text, reason text)
     on conflict do nothing`,
    [importId, JSON.stringify(refusals)],
    'run',
  );
}

/** One message a batch: the search index follows it. */
async function announce(em: EntityManager, batch: ImportBatch, lines: readonly PlannedLine[]): Promise<void> {
  if (lines.length === 0) return;
  const key = `${batch.importId}:${batch.after}`;
  await publish(em, { topic: 'search.products', key, payload: { product_ids: lines.map((each) => each.product.id) } });
}
