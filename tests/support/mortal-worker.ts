/** The worker as it is, whose activities ask before and after they do their work whether to go on. */
import { activityInfo } from '@temporalio/activity';
import { Worker } from '@temporalio/worker';
import type { Pause } from './mortal-world.js';

type Activity = (...args: unknown[]) => Promise<unknown>;

/** Attempts that are stopped keep their places, and so do those that come after them. */
const ROOM = {
  maxConcurrentWorkflowTaskExecutions: 500,
  maxConcurrentLocalActivityExecutions: 1_000,
  maxConcurrentActivityTaskExecutions: 1_000,
};

const gate = process.env['GATE_URL'] ?? '';

async function ask(activity: string, when: Pause['when']): Promise<void> {
  const { workflowId = '' } = activityInfo().workflowExecution ?? {};
  const pause: Pause = { workflowId, activity, when };
  await fetch(gate, { method: 'POST', body: JSON.stringify(pause) });
}

const create = Worker.create.bind(Worker);
Worker.create = (options) => {
  const activities = Object.entries((options.activities ?? {}) as Record<string, Activity>).map(([name, run]) => [
    name,
    async (...args: unknown[]) => {
      await ask(name, 'before');
      const result = await run(...args);
      await ask(name, 'after');
      return result;
    },
  ]);
  return create({ ...options, ...ROOM, activities: Object.fromEntries(activities) as Record<string, Activity> });
};
await import('../../src/bin/worker.js');
