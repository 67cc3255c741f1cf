import { continueAsNew, workflowInfo } from '@temporalio/workflow';
import type { FlowActivities } from '../activities/flows.js';
import type { Parking, Risk } from './parking.js';
import { patched } from './patched.js';

const flows: Risk<FlowActivities> = { startToCloseTimeout: '20s' };

/** Rows that are looked at together. */
export const BATCH = 200;
/** Events after which a sweep goes on with a new history: far below what the server refuses. */
const LONG_HISTORY = 8_000;

/** What a sweep goes through, in this order. */
const STAGES = ['checkouts', 'messages', 'cancellations', 'refunds', 'notices'] as const;
type Stage = (typeof STAGES)[number];
/** Went on with a new history from the first of their lots on. */
const EARLY: ReadonlySet<Stage> = new Set(['checkouts', 'messages']);

export interface Swept {
  holds: number;
  checkouts: number;
  untold: number;
}

/** How far a sweep was when its history had become long. */
export interface SweepProgress {
  readonly swept: Readonly<Swept>;
  readonly stage: Stage;
  readonly after: string;
}

/** A sweep that is under way. */
export interface Sweep {
  readonly parking: Parking;
  readonly before: Partial<SweepProgress>;
  readonly swept: Swept;
  readonly inLots: boolean;
}

/** Rows of which each should have a flow. */
interface Search<T> {
  readonly stage: Stage;
  readonly page: (page: { readonly limit: number; readonly after: string | null }) => Promise<readonly T[]>;
  readonly id: (each: T) => string;
  readonly workflowId: (each: T) => string;
  readonly takeOver: (each: T) => Promise<unknown>;
  readonly count?: keyof Swept;
  /** One that a person ended is not begun anew. */
  readonly stoppedStay?: boolean;
}

/**
 * Takes over each row that has no flow. Goes through all pages, so that many flows that are merely stuck hide none that is
 * gone, and on with a new history when its own is long; stages that an earlier history ended are left out.
 */
export async function withoutFlow<T>(
  { parking, before, swept, inLots }: Sweep,
  { stage, page, id, workflowId, takeOver, count, stoppedStay }: Search<T>,
): Promise<void> {
  if (STAGES.indexOf(stage) < STAGES.indexOf(before.stage ?? STAGES[0])) return;
  const early = EARLY.has(stage);
  const found: T[] = [];
  for (let after = before.stage === stage ? (before.after ?? null) : null; ;) {
    const some: readonly T[] = await page({ limit: BATCH, after });
    const last = some.at(-1);
    if (last === undefined) break;
    const workflowIds = some.map(workflowId);
    const idle = new Set(
      await parking.step(flows, { name: 'Ask which have no flow' }, (run) =>
        run.withoutFlow({ workflowIds, stoppedStay }),
      ),
    );
    const gone = some.filter((each) => idle.has(workflowId(each)));
    if (count !== undefined) swept[count] += gone.length;
    found.push(...gone);
    if (!early || inLots) for (const each of found.splice(0)) await takeOver(each);
    if (some.length < BATCH) break;
    after = id(last);
    // Asked last, so that a sweep of the usual length has no marker of it.
    if (workflowInfo().historyLength > LONG_HISTORY && (early ? inLots : patched('all-stages-go-on')))
      await continueAsNew<(progress: SweepProgress) => Promise<Swept>>({ swept, stage, after });
  }
  for (const each of found) await takeOver(each);
}
