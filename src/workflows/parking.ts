import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  condition,
  currentUpdateInfo,
  defineUpdate,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  setHandler,
  TimeoutFailure,
  upsertSearchAttributes,
  workflowInfo,
  type ActivityOptions,
} from '@temporalio/workflow';
import type { SearchAttributeUpdatePair } from '@temporalio/common';
import type { FlowActivities } from '../activities/flows.js';
import { NEEDS_ATTENTION } from './attributes.js';
import { assertBecause } from './commands.js';
import { RETRY_STEP, type Because } from './contracts.js';

/** One kind of risk: the activities `A` and how long one attempt of them may take. */
export interface Risk<A> {
  readonly startToCloseTimeout: NonNullable<ActivityOptions['startToCloseTimeout']>;
  /** Of activities that take long and say that they are alive. */
  readonly heartbeatTimeout?: NonNullable<ActivityOptions['heartbeatTimeout']>;
  /** How long a step may take before it asks for attention, where 20 s are too short. */
  readonly patience?: NonNullable<ActivityOptions['scheduleToCloseTimeout']>;
  /** Phantom: carries the type of the activities only. */
  readonly activities?: A;
}

export interface Step {
  /** What is done, in plain words; also the summary in the history. */
  readonly name: string;
  /** Markdown: what to look at and which command helps while it is stuck, beside `retryStep`. */
  readonly helps?: string;
  /** A refusal is no answer either: it asks for attention and is tried again. For steps that a flow must not end without. */
  readonly certain?: true;
}

export interface ParkingOptions {
  /** Further search attributes to set when the flow gets stuck and when it goes on. */
  readonly attributes?: (stuck: boolean) => readonly SearchAttributeUpdatePair[];
}

export interface Parking {
  /** A remote activity that is tried until it ends; visible to operators once it took 20 s. */
  step<A, R>(risk: Risk<A>, step: Step, call: (activities: A) => Promise<R>): Promise<R>;
  /** A local activity of 2 s, two tries; then the same one as a `step`. */
  local<A, R>(risk: Risk<A>, step: Step, call: (activities: A) => Promise<R>): Promise<R>;
  /** The flow's current details (Markdown); what is stuck is shown below. Use it instead of setCurrentDetails. */
  describe(details: string): void;
  /** Writes who gave the update that is being handled, and why, into the audit log, once. */
  note(command: string, because: Because, steps?: readonly string[]): Promise<void>;
  /** Whether any step is stuck now. */
  stuck(): boolean;
}

/** Answers the names of the steps that are tried again now. */
export const retryStep = defineUpdate<readonly string[], [name?: string | null, because?: Because | null]>(RETRY_STEP);

const PATIENCE = '20s';
const QUICK = { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '5s' } as const;
const PATIENT = { initialInterval: '2s', backoffCoefficient: 2, maximumInterval: '30s' } as const;
const AFTER_REFUSAL = '30s';
const auditLog: Risk<FlowActivities> = { startToCloseTimeout: '10s' };
const LOCAL = {
  startToCloseTimeout: '2s',
  scheduleToCloseTimeout: '5s',
  retry: { maximumAttempts: 2, initialInterval: '100ms' },
} as const;

interface StuckStep extends Step {
  readonly since: Date;
  readonly reason: string;
  retry(): void;
}

/**
 * Steps that cannot fail for an outage. Once in each run of a flow, before its first step:
 *
 *     const database: Risk<CheckoutActivities> = { startToCloseTimeout: '10s' };   // module level
 *     const provider: Risk<PaymentActivities> = { startToCloseTimeout: '40s' };
 *
 *     const parking = createParking();
 *     parking.describe(`Checkout ${checkoutId}: taking stock`);
 *     await parking.local(database, { name: 'Take stock' }, (run) => run.reserve({ checkoutId }));
 *     const outcome = await parking.step(
 *       provider,
 *       { name: 'Authorise the payment', helps: '`cancelCheckout` gives the stock back.' },
 *       (run) => run.authorise({ checkoutId }),
 *     );
 *
 * A refusal (non-retryable ApplicationFailure, its `type` is an ErrorCode: see `refusalCode`) is thrown at once, and so is a
 * cancellation of the surrounding scope; any other failure or time-out is tried again without limit. No timers: without
 * trouble a step is one activity. After 20 s the activity is scheduled anew with longer pauses, while an attempt of the first
 * may still run: activities must be idempotent. A `certain` step is also tried again, every 30 s, when it refuses. `call` runs once per scheduling and must call exactly one activity.
 * Undo steps run it inside `CancellationScope.nonCancellable`. Steps may run side by side.
 */
export function createParking(options: ParkingOptions = {}): Parking {
  const stuck = new Set<StuckStep>();
  let details = '';
  let marked = false;

  const show = (): void =>
    setCurrentDetails([details, ...[...stuck].map(attention)].filter((part) => part !== '').join('\n\n'));

  function changed(): void {
    show();
    const any = stuck.size > 0;
    if (any === marked) return;
    marked = any;
    upsertSearchAttributes([{ key: NEEDS_ATTENTION, value: any }, ...(options.attributes?.(any) ?? [])]);
  }

  const named = (name: string | null | undefined) => [...stuck].filter((each) => name == null || each.name === name);
  setHandler(
    retryStep,
    async (...[name, because]) => {
      const chosen = named(name);
      for (const each of chosen) each.retry();
      const names = chosen.map((each) => each.name);
      if (because != null) await note(RETRY_STEP, because, names);
      return names;
    },
    {
      description:
        'Tries what is stuck again at once. Arguments: the name of one step, or null for all; who and why, such as ' +
        '{"by": "anna", "reason": "cause_mended"}.',
      validator: (...[name, because]) => {
        assertBecause(because);
        if (named(name).length === 0)
          throw ApplicationFailure.nonRetryable('no such step is stuck', 'invalid_transition');
      },
    },
  );

  async function park<R>(step: Step, reason: string, call: () => Promise<R>): Promise<R> {
    let scope = new CancellationScope();
    let again = false;
    const retry = (): void => {
      again = true;
      scope.cancel();
    };
    const entry: StuckStep = { ...step, since: new Date(), reason, retry };
    stuck.add(entry);
    changed();
    try {
      for (;;) {
        try {
          return await scope.run(call);
        } catch (error) {
          const refused = refusalCode(error) !== undefined;
          if (CancellationScope.current().consideredCancelled || (refused ? step.certain !== true : !again))
            throw error;
          if (refused) await condition(() => again, AFTER_REFUSAL);
          again = false;
          scope = new CancellationScope();
        }
      }
    } finally {
      stuck.delete(entry);
      changed();
    }
  }

  async function step<A, R>(risk: Risk<A>, step: Step, call: (activities: A) => Promise<R>): Promise<R> {
    const { activities: _, patience = PATIENCE, ...timeouts } = risk;
    const shared = { ...timeouts, summary: step.name };
    try {
      return await call(proxyActivities({ ...shared, scheduleToCloseTimeout: patience, retry: QUICK }) as A);
    } catch (error) {
      if (!isOutage(error) && !(step.certain === true && refusalCode(error) !== undefined)) throw error;
      return park(step, reasonOf(error), () => call(proxyActivities({ ...shared, retry: PATIENT }) as A));
    }
  }

  const local: Parking['local'] = async (risk, description, call) => {
    try {
      return await call(proxyLocalActivities({ ...LOCAL, summary: description.name }) as Parameters<typeof call>[0]);
    } catch (error) {
      if (!isOutage(error) && !(description.certain === true && refusalCode(error) !== undefined)) throw error;
      return step(risk, description, call);
    }
  };

  /** Histories that were written before updates said who and why have no such step, and no such argument either. */
  function note(command: string, { by, reason }: Because, steps: readonly string[] = []): Promise<void> {
    const { workflowId } = workflowInfo();
    const updateId = currentUpdateInfo()?.id ?? '';
    return CancellationScope.nonCancellable(() =>
      local(auditLog, { name: 'Note who gave the command, and why' }, (run) =>
        run.noteCommand({ workflowId, updateId, command, by, reason, steps }),
      ),
    );
  }

  return {
    step,
    local,
    note,
    describe: (text) => {
      details = text;
      show();
    },
    stuck: () => stuck.size > 0,
  };
}

/** The code with which an activity refused; undefined for any other error. */
export function refusalCode(error: unknown): string | undefined {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof ApplicationFailure && cause.nonRetryable === true ? (cause.type ?? 'internal') : undefined;
}

/** The refusal of an activity: its code, and the ids and numbers it named; undefined for any other error. */
export function refusal(
  error: unknown,
): { readonly code: string; readonly data: Readonly<Record<string, unknown>> } | undefined {
  const code = refusalCode(error);
  if (code === undefined) return undefined;
  const cause = (error instanceof ActivityFailure ? error.cause : error) as ApplicationFailure;
  return { code, data: (cause.details?.[0] ?? {}) as Record<string, unknown> };
}

/** An activity's failure that may pass: neither a refusal nor a cancellation. */
export const isOutage = (error: unknown): boolean =>
  // the failure of a local activity comes bare
  (error instanceof ActivityFailure || error instanceof ApplicationFailure || error instanceof TimeoutFailure) &&
  !isCancellation(error) &&
  refusalCode(error) === undefined;

function reasonOf(error: unknown): string {
  const chain = [];
  for (let each: unknown = error; each instanceof Error && chain.length < 5; each = each.cause) chain.push(each);
  const failure = chain.find((each) => each instanceof ApplicationFailure);
  if (failure?.type != null) return failure.type;
  return chain.some((each) => each instanceof TimeoutFailure) ? 'no answer in time' : 'failed';
}

const attention = (step: StuckStep): string =>
  [
    `**Needs attention: ${step.name}** (\`${step.reason}\`), stuck since ${step.since.toISOString()}.`,
    'It is tried again at least every 30 s and goes on by itself when the cause is gone.',
    'The update `retryStep` tries it at once.',
    ...(step.helps === undefined ? [] : [step.helps]),
  ].join(' ');
