import { ApplicationFailure } from '@temporalio/common';

/** What happens instead of one call of an activity; `run` does its work. */
export type Fault = (run: () => Promise<unknown>) => Promise<unknown>;

const down = (): never => {
  throw ApplicationFailure.retryable('injected', 'injected');
};

/** Fails, and nothing was done. */
export const before: Fault = async () => down();
/** Does its work, and its answer is lost. */
export const after: Fault = async (run) => {
  await run();
  return down();
};
/** Refuses, as if it would never work. */
export const refuses: Fault = async () => {
  throw ApplicationFailure.nonRetryable('injected', 'internal');
};

/** Freezes until it is let go, and does its work then, as a worker that was stopped and wakes up. */
export function frozen() {
  const gate = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const done = Promise.withResolvers<void>();
  const fault: Fault = async (run) => {
    begun.resolve();
    await gate.promise;
    try {
      return await run();
    } finally {
      done.resolve();
    }
  };
  return {
    fault,
    begun: begun.promise,
    /** Resolves once the late work is over. */
    async letGo(): Promise<void> {
      gate.resolve();
      await done.promise;
    },
  };
}

/** Activities whose next calls go wrong as a test says. */
export function createFaults() {
  const planned = new Map<string, Fault[]>();
  const lasting = new Map<string, Fault>();
  const calls = new Map<string, number>();

  return {
    /** The next call of the activity goes wrong in this way; said twice, the next two. */
    once(activity: string, fault: Fault): void {
      planned.set(activity, [...(planned.get(activity) ?? []), fault]);
    },
    /** Every call does, until `lift`. */
    always(activity: string, fault: Fault): void {
      lasting.set(activity, fault);
    },
    lift(activity: string): void {
      lasting.delete(activity);
    },
    calls: (activity: string): number => calls.get(activity) ?? 0,
    reset(): void {
      planned.clear();
      lasting.clear();
      calls.clear();
    },

    wrap<A extends object>(activities: A): A {
      const wrapped = Object.entries(activities).map(
        ([name, activity]: [string, (...args: unknown[]) => Promise<unknown>]) => [
          name,
          (...args: unknown[]): Promise<unknown> => {
            calls.set(name, (calls.get(name) ?? 0) + 1);
            const fault = planned.get(name)?.shift() ?? lasting.get(name);
            return fault === undefined ? activity(...args) : fault(() => activity(...args));
          },
        ],
      );
      return Object.fromEntries(wrapped) as A;
    },
  };
}

export type Faults = ReturnType<typeof createFaults>;
