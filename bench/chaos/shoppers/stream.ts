import type { CallEnd } from '../contracts.js';
import { endOf, type BrowserDeps } from './browser.js';

export interface StepEvent {
  readonly id: number;
  readonly step: string;
  /** Of the checkout when it was told. */
  readonly status: string;
}

export interface Following {
  readonly checkoutId: string;
  readonly orderToken: string;
  /** The last step that was told. */
  readonly afterId: number;
  /** False: nothing more is wanted. */
  readonly heard: (event: StepEvent) => boolean;
}

/** Nobody waits longer for a line that is open and silent: it says that it is still there every 15 s. */
const LONGEST_MS = 60_000;

/** Follows a checkout's steps as they come, once; tells how the line ended. */
export async function followSteps(
  { origin, record, now }: BrowserDeps,
  { checkoutId, orderToken, afterId, heard }: Following,
): Promise<CallEnd> {
  const atMs = now();
  const leaving = new AbortController();
  const end = await readStream();
  record({ call: 'GET /checkout/{id}/events', atMs, ms: now() - atMs, end });
  return end;

  async function readStream(): Promise<CallEnd> {
    let open = false;
    try {
      const answer = await fetch(`${origin}/api/v1/checkout/${checkoutId}/events`, {
        headers: { 'X-Order-Token': orderToken, 'Last-Event-ID': String(afterId) },
        signal: AbortSignal.any([leaving.signal, AbortSignal.timeout(LONGEST_MS)]),
      });
      if (!answer.ok || answer.body === null) return endOf(answer.status);
      open = true;
      let text = '';
      for await (const part of answer.body.pipeThrough(new TextDecoderStream())) {
        const blocks = `${text}${part}`.split('\n\n');
        text = blocks.pop() ?? '';
        if (blocks.flatMap(eventOf).some((event) => !heard(event))) {
          leaving.abort();
          return 'ok';
        }
      }
      return 'ok';
    } catch (error) {
      const late = error instanceof Error && error.name === 'TimeoutError';
      // A line that stays open has nothing new to tell.
      return !late ? 'cut' : open ? 'ok' : 'late';
    }
  }
}

/** None for a comment that keeps the line open. */
function eventOf(block: string): StepEvent[] {
  const fields = new Map(
    block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
  );
  const [id, data] = [fields.get('id'), fields.get('data')];
  if (id === undefined || data === undefined) return [];
  const { step, status } = JSON.parse(data) as { step: string; status: string };
  return [{ id: Number(id), step, status }];
}
