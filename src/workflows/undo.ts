import { CancellationScope } from '@temporalio/workflow';

/** What has to be undone on every unpaid ending. */
export interface Undo {
  /** Registers an undo, before its step is done: it must be harmless if the step never ran. */
  add(name: string, run: () => Promise<void>): void;
  /** Runs all, last registered first, out of reach of cancellation. */
  run(onStep: (name: string) => void): Promise<void>;
}

export function createUndo(): Undo {
  const steps: { readonly name: string; readonly run: () => Promise<void> }[] = [];
  return {
    add: (name, run) => {
      steps.push({ name, run });
    },
    run: (onStep) =>
      CancellationScope.nonCancellable(async () => {
        for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
          onStep(step.name);
          await step.run();
        }
      }),
  };
}
