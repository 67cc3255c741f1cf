import { createPerdureClient } from '../../../client/index.js';
import type { Answer, AnswerAt, Method, Path, Rest } from '../../../dev/demo/answers.js';
import type { CallEnd, CallRecord } from '../contracts.js';
import { followSteps, type Following } from './stream.js';

/** What came back of one call, or did not. */
export interface Heard<M extends Method, P extends Path<M>> extends Ended {
  /** Null when it was cut or late. */
  readonly answer: Answer<M, P> | null;
}

export interface Ended {
  readonly end: CallEnd;
  /** The refusal's code; empty without one. */
  readonly code: string;
  /** As the answer asks. Milliseconds; 0 where it does not. */
  readonly retryAfterMs: number;
  readonly requestId: string;
}

/** One customer's browser, who keeps the tokens that the shop hands out. */
export interface Browser {
  accessToken: string | null;
  cartToken: string | null;
  /** Asks once; never throws for what the network or the shop does. */
  send<M extends Method, P extends Path<M>>(method: M, path: P, ...init: Rest<M, P>): Promise<Heard<M, P>>;
  /** Follows a checkout's steps over one line; tells how that ended. */
  follow(following: Following): Promise<CallEnd>;
}

export interface BrowserDeps {
  readonly origin: string;
  readonly record: (call: CallRecord) => void;
  /** Since the run began. Milliseconds. */
  readonly now: () => number;
}

/** As storefronts wait, with the shop's own 15 s inside. */
const ANSWER_WITHIN_MS = 17_000;

type Request = (
  method: string,
  path: string,
  init: object,
) => Promise<{ readonly data?: unknown; readonly error?: unknown; readonly response: Response }>;

export function openBrowser(deps: BrowserDeps): Browser {
  const { origin, record, now } = deps;
  const client = createPerdureClient({
    baseUrl: origin,
    accessToken: () => browser.accessToken,
    cartToken: () => browser.cartToken,
  });
  // What belongs together is checked where `send` is called.
  const request = client.request as unknown as Request;

  const browser: Browser = {
    accessToken: null,
    cartToken: null,
    async send(method, path, ...init) {
      const atMs = now();
      const heard = await ask<typeof method, typeof path>(request, method, path, init[0] ?? {});
      record({
        ...{ call: `${method} ${path}`, atMs, ms: now() - atMs, end: heard.end },
        ...(heard.answer === null ? {} : { status: heard.answer.status }),
        ...(heard.code === '' ? {} : { code: heard.code }),
      });
      return heard;
    },
    follow: (following) => followSteps(deps, following),
  };
  return browser;
}

async function ask<M extends Method, P extends Path<M>>(
  request: Request,
  method: M,
  path: P,
  init: object,
): Promise<Heard<M, P>> {
  try {
    const { data, error, response } = await request(method, path, {
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      ...init,
    });
    const answer: { status: number; body: unknown } = { status: response.status, body: data ?? error };
    return {
      end: endOf(response.status),
      code: codeOf(answer.body),
      retryAfterMs: Number(response.headers.get('Retry-After') ?? 0) * 1_000,
      requestId: response.headers.get('X-Request-Id') ?? '',
      answer: answer as Heard<M, P>['answer'],
    };
  } catch (error) {
    const late = error instanceof Error && error.name === 'TimeoutError';
    // An answer that is no JSON came from nobody who should have answered.
    const code = error instanceof SyntaxError ? 'malformed' : '';
    return { end: late ? 'late' : 'cut', answer: null, code, retryAfterMs: 0, requestId: '' };
  }
}

export const endOf = (status: number): CallEnd =>
  status < 400 ? 'ok' : status < 500 ? 'refused' : status === 503 ? 'unavailable' : 'error';

function codeOf(body: unknown): string {
  const { error } = (body ?? {}) as { readonly error?: { readonly code?: string } };
  return error?.code ?? '';
}

/** The refusal's data, such as the checkout that it is about. */
export function dataOf(answer: { readonly body: unknown }): Readonly<Record<string, unknown>> {
  const { error } = answer.body as AnswerAt<409, 'POST', '/checkout'>;
  return error.data ?? {};
}
