/**
 * The checkout's six steps in different shapes. Three are short transactions, three wait for a network answer;
 * the early answer is what a client waits for.
 */
import {
  condition,
  defineUpdate,
  ParentClosePolicy,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
  startChild,
} from '@temporalio/workflow';
import type { createShapeActivities } from './activities.js';

type Activities = ReturnType<typeof createShapeActivities>;
const remote = proxyActivities<Activities>({ startToCloseTimeout: '10s' });
const local = proxyLocalActivities<Activities>({ startToCloseTimeout: '2s' });

/** Answers when the order is placed. */
export const placed = defineUpdate<boolean>('placed');

interface Input {
  readonly id: string;
}

/** reserve, authorise, place: what the client waits for. */
async function place(steps: Activities, id: string): Promise<void> {
  await steps.transaction({ id, step: 'reserve' });
  await remote.call({ id });
  await steps.transaction({ id, step: 'place' });
}

/** capture, then mail and SMS side by side. */
async function fulfil(steps: Activities, id: string): Promise<void> {
  await remote.call({ id });
  await steps.transaction({ id, step: 'confirm' });
  await Promise.all([remote.call({ id }), remote.call({ id })]);
}

function answering(): () => void {
  let done = false;
  setHandler(placed, async () => {
    await condition(() => done);
    return true;
  });
  return () => {
    done = true;
  };
}

export async function oneFlowRemote({ id }: Input): Promise<void> {
  const answer = answering();
  await place(remote, id);
  answer();
  await fulfil(remote, id);
}

export async function oneFlowLocal({ id }: Input): Promise<void> {
  const answer = answering();
  await place(local, id);
  answer();
  await fulfil(local, id);
}

export async function twoFlowsRemote({ id }: Input): Promise<void> {
  const answer = answering();
  await place(remote, id);
  answer();
  await startChild(fulfilRemote, child(id));
}

export async function twoFlowsLocal({ id }: Input): Promise<void> {
  const answer = answering();
  await place(local, id);
  answer();
  await startChild(fulfilLocal, child(id));
}

export const fulfilRemote = ({ id }: Input): Promise<void> => fulfil(remote, id);
export const fulfilLocal = ({ id }: Input): Promise<void> => fulfil(local, id);

const child = (id: string) => ({
  workflowId: `fulfil-${id}`,
  args: [{ id }] as [Input],
  parentClosePolicy: ParentClosePolicy.ABANDON,
});
