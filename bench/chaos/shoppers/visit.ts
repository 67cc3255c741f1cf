import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, AnswerAt, Method, Path, Rest } from '../../../dev/demo/answers.js';
import type { Person } from '../../../dev/demo/client.js';
import type { Told } from '../contracts.js';
import type { Random } from '../random.js';
import type { Browser, Ended } from './browser.js';
import type { Shelf } from './shelf.js';
import type { Staff } from './staff.js';

/** A shopper's patience has ended; the shop may still be at it. */
export class GaveUp extends Error {}

/** The shop said what nobody could have been told; already written down. */
export class Surprised extends Error {}

/** The people outside the shop that a shopper deals with. */
export interface Outside {
  /** Goes through the bank's page. False: there is nothing left to authenticate. */
  authenticate(intentId: string): Promise<boolean>;
  /** The newest mail with this subject; null where none came yet or the inbox is away. */
  mailTo(address: string, subject: string): Promise<string | null>;
}

/** One person's way through the shop. */
export interface Visit {
  readonly random: Random;
  readonly me: Person;
  readonly browser: Browser;
  readonly shelf: Shelf;
  readonly staff: Staff;
  readonly outside: Outside;
  /** Whether the shop is about to close: nobody starts anything new, and thinking is short. */
  leaving(): boolean;
  /** Another browser of the same person. */
  anotherBrowser(): Browser;
  wants(orders: number): void;
  tell(told: Told): void;
  /** Writes down what nobody could have expected, and goes on. */
  note(call: string, what: string, requestId?: string): void;
  /** @throws Surprised always, with it written down */
  surprise(call: string, what: string, requestId?: string): never;
}

/** How fast shoppers are: with 200 of them about five checkouts a second. Milliseconds. */
export const PACE = { think: [4_000, 9_000], between: [6_000, 18_000], arriveWithin: 25_000 } as const;
const HURRIED_MS = 300;
/** Longer than anything stays frozen, and what follows from it. */
const PATIENCE_MS = 120_000;
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [500, 4_000];
const LOOK_MS = 1_000;

export async function think({ random, leaving }: Visit, [least, most] = PACE.think as readonly [number, number]) {
  const ms = random.between(least, most);
  await sleep(leaving() ? Math.min(ms, HURRIED_MS) : ms);
}

/** The same request until the shop answers it: what is tried again must be harmless when it was done before. @throws GaveUp */
export async function ask<M extends Method, P extends Path<M>>(
  visit: Visit,
  method: M,
  path: P,
  ...init: Rest<M, P>
): Promise<Answer<M, P>> {
  return askFrom(visit, visit.browser, method, path, ...init);
}

export async function askFrom<M extends Method, P extends Path<M>>(
  visit: Pick<Visit, 'surprise' | 'note'>,
  browser: Browser,
  method: M,
  path: P,
  ...init: Rest<M, P>
): Promise<Answer<M, P>> {
  const until = Date.now() + PATIENCE_MS;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    const heard = await browser.send(method, path, ...init);
    if (heard.answer !== null && !isTrouble(heard)) return heard.answer;
    // Trouble of the shop's has answers of its own: this one is a mistake, whatever is broken just now.
    if (heard.code === 'internal') visit.note(`${method} ${path}`, '500 internal', heard.requestId);
    if (heard.code === 'malformed') visit.surprise(`${method} ${path}`, 'an answer that is no JSON');
    if (Date.now() > until) throw new GaveUp(`${method} ${path}`);
    await sleep(Math.max(heard.retryAfterMs, pause) + Math.random() * FIRST_PAUSE_MS);
  }
}

/** Nothing is decided by such an answer. */
const isTrouble = ({ end, code }: Ended): boolean =>
  (end !== 'ok' && end !== 'refused') || code === 'idempotency_in_progress';

/** One that must be answered so. @throws GaveUp, Surprised */
export async function expect<S extends number, M extends Method, P extends Path<M>>(
  visit: Visit,
  status: S,
  method: M,
  path: P,
  ...init: Rest<M, P>
): Promise<AnswerAt<S, M, P>> {
  const answer = await ask(visit, method, path, ...init);
  if (answer.status !== status) unexpected(visit, `${method} ${path}`, answer);
  return answer.body as AnswerAt<S, M, P>;
}

/** @throws Surprised */
export function unexpected(
  visit: Pick<Visit, 'surprise'>,
  call: string,
  answer: { readonly status: number; readonly body: unknown },
): never {
  const { error } = (answer.body ?? {}) as { error?: { code?: string; message?: string; request_id?: string } };
  const what = error === undefined ? `${answer.status}` : `${answer.status} ${error.code}: ${error.message}`;
  return visit.surprise(call, what, error?.request_id);
}

/** Looks again and again until it is there. @throws GaveUp */
export async function eventually<T>(what: string, look: () => Promise<T | null>, patienceMs = PATIENCE_MS): Promise<T> {
  for (const until = Date.now() + patienceMs; ; await sleep(LOOK_MS + Math.random() * LOOK_MS)) {
    const seen = await look();
    if (seen !== null) return seen;
    if (Date.now() > until) throw new GaveUp(what);
  }
}

/** For a request that is repeated until it is answered. */
export const newKey = () => ({ 'Idempotency-Key': randomUUID() });
