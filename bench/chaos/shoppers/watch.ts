import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser } from './browser.js';
import { askFrom, unexpected, type Visit } from './visit.js';

/** Every third looks at the steps as they come. By the id, so that nobody's later choices depend on how fast the shop was. */
export const watches = (checkoutId: string): boolean => Number.parseInt(checkoutId.slice(-2), 16) % 3 === 0;

export interface Watched {
  readonly checkoutId: string;
  readonly orderToken: string;
  readonly acted: boolean;
}

const [MOST_LINES, LINE_AGAIN_MS] = [5, 1_000];

/** Over as many lines as it takes, each step is told once and none is left out. @throws Surprised where that is not so */
export async function watchSteps(
  visit: Visit,
  browser: Browser,
  { checkoutId, orderToken, acted }: Watched,
): Promise<void> {
  const call = 'GET /checkout/{id}/events';
  const seen: number[] = [];
  let due = false;
  for (let line = 0; line < MOST_LINES && !due; line += 1) {
    const afterId = seen.at(-1) ?? 0;
    const end = await browser.follow({
      ...{ checkoutId, orderToken, afterId },
      heard({ id, step, status }) {
        if (id <= (seen.at(-1) ?? 0)) visit.note(call, `step ${step} of ${checkoutId} was told again`);
        seen.push(id);
        due = status === 'requires_action' && !acted;
        return !due;
      },
    });
    // Too many lines, or nobody there: who cannot watch looks now and then.
    if (end === 'refused' || end === 'unavailable') return;
    if (end === 'ok') break;
    await sleep(LINE_AGAIN_MS);
  }
  const answer = await askFrom(visit, browser, 'GET', '/checkout/{id}', {
    params: { path: { id: checkoutId } },
    headers: { 'X-Order-Token': orderToken },
  });
  if (answer.status !== 200) return unexpected(visit, 'GET /checkout/{id}', answer);
  const missed = answer.body.steps.filter(({ id }) => id < (seen.at(-1) ?? 0) && !seen.includes(id));
  for (const { step } of missed) visit.note(call, `step ${step} of ${checkoutId} was left out`);
}
