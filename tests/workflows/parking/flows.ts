import { condition, defineSignal, setHandler, CancellationScope, isCancellation } from '@temporalio/workflow';
import { CHECKOUT_STATUS } from '../../../src/workflows/attributes.js';
import { createParking, refusalCode, type Risk } from '../../../src/workflows/parking.js';

export interface ParkingActivities {
  work(name: string): Promise<string>;
}

const risk: Risk<ParkingActivities> = { startToCloseTimeout: '5s' };
const step = { name: 'Do the work', helps: '`giveUp` ends it.' };

export async function oneStep(): Promise<string> {
  const parking = createParking({
    attributes: (stuck) => [{ key: CHECKOUT_STATUS, value: stuck ? 'needs_attention' : 'going' }],
  });
  parking.describe('Working');
  return parking.step(risk, step, (run) => run.work('one'));
}

export async function refusedStep(): Promise<string | undefined> {
  const parking = createParking();
  try {
    return await parking.step(risk, step, (run) => run.work('one'));
  } catch (error) {
    return refusalCode(error);
  }
}

export async function localStep(): Promise<string> {
  const parking = createParking();
  return parking.local(risk, step, (run) => run.work('local'));
}

export async function twoSteps(): Promise<readonly string[]> {
  const parking = createParking();
  return Promise.all([
    parking.step(risk, { name: 'First' }, (run) => run.work('first')),
    parking.step(risk, { name: 'Second' }, (run) => run.work('second')),
  ]);
}

export const giveUp = defineSignal('giveUp');

export async function abandonedStep(): Promise<string> {
  const parking = createParking();
  const scope = new CancellationScope();
  setHandler(giveUp, () => scope.cancel());
  try {
    return await scope.run(() => parking.step(risk, step, (run) => run.work('one')));
  } catch (error) {
    if (!isCancellation(error)) throw error;
    await condition(() => !parking.stuck());
    return 'given up';
  }
}
