import { decodeForm } from '../simulation/form.js';
import { type Answer, type Incoming, json, type Reply } from '../simulation/host.js';
import type { Switches } from '../simulation/switches.js';
import { type Account, newId } from './account.js';
import { internalError, StripeFault, unauthorised } from './fault.js';
import type { createIdempotency } from './idempotency.js';
import { findRoute } from './routes.js';

export interface GateDeps {
  readonly account: Account;
  readonly secretKey: string;
  readonly switches: Switches;
  readonly idempotency: ReturnType<typeof createIdempotency>;
  /** Names the request that causes the events of a transaction. */
  readonly during: <T>(request: { id: string; key: string | null }, work: () => T) => T;
  readonly housekeeping: () => void;
  readonly afterCommit: () => void;
}

const CORS = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers': 'authorization, content-type, idempotency-key, stripe-version',
  'access-control-allow-methods': 'GET, POST, OPTIONS',
};

/** What every request to `/v1` passes: key, faults, idempotency, one transaction. */
export function createGate({ account, secretKey, switches, idempotency, during, housekeeping, afterCommit }: GateDeps) {
  return async (incoming: Incoming): Promise<Answer> => {
    if (incoming.method === 'OPTIONS') return { status: 204, headers: CORS, body: '' };
    const request = newId('req', 14);
    const key = incoming.method === 'POST' ? header(incoming, 'idempotency-key') : null;
    const dressed = (reply: Reply, extra: Record<string, string> = {}): Reply => ({
      ...reply,
      headers: {
        'content-type': 'application/json',
        'request-id': request,
        ...CORS,
        ...(header(incoming, 'stripe-version') ? { 'stripe-version': header(incoming, 'stripe-version') ?? '' } : {}),
        ...(key ? { 'idempotency-key': key } : {}),
        ...reply.headers,
        ...extra,
      },
    });

    if (switches.take('drop', incoming)) return 'drop';
    if (switches.take('timeout_before', incoming)) return 'hang';
    if (switches.take('unavailable', incoming))
      return dressed(json(503, { error: { type: 'api_error', message: 'Service unavailable. (simulated)' } }));
    if (switches.take('rate_limit', incoming))
      return dressed(
        json(429, {
          error: { type: 'invalid_request_error', code: 'rate_limit', message: 'Too many requests. (simulated)' },
        }),
      );

    try {
      const caller = callerOf(incoming, secretKey);
      const kept = key === null ? null : idempotency.find(key, incoming);
      if (kept !== null)
        return dressed(kept.reply, {
          'idempotent-replayed': 'true',
          'original-request': kept.request,
          ...shouldRetry(kept.reply),
        });
      if (key !== null) idempotency.begin(key);
      let reply: Reply;
      try {
        await switches.delay(incoming);
        reply = commit(incoming, caller === 'browser', request, key);
      } finally {
        if (key !== null) idempotency.end(key);
      }
      afterCommit();
      if (switches.take('drop_after_commit', incoming)) return 'drop';
      if (switches.take('timeout_after_commit', incoming)) return 'hang';
      return dressed(reply, shouldRetry(reply));
    } catch (error) {
      if (error instanceof StripeFault) return dressed(render(error, request));
      throw error;
    }
  };

  function commit(incoming: Incoming, fromBrowser: boolean, request: string, key: string | null): Reply {
    const failBefore = switches.take('fail_500_before', incoming);
    const failAfter = !failBefore && switches.take('fail_500_after_commit', incoming);
    return account.store.transaction(() =>
      during({ id: request, key }, () => {
        housekeeping();
        const outcome = failBefore ? internalError() : perform(incoming, fromBrowser);
        const shown = failAfter ? internalError() : outcome;
        const reply = shown instanceof StripeFault ? render(shown, request) : json(200, shown);
        if (key !== null && !(shown instanceof StripeFault && !shown.saved))
          idempotency.keep(key, incoming, reply, request);
        return reply;
      }),
    );
  }

  function perform(incoming: Incoming, fromBrowser: boolean): object {
    try {
      const run = findRoute(incoming.method, incoming.path);
      if (run === null)
        throw new StripeFault(
          404,
          {
            type: 'invalid_request_error',
            message: `Unrecognized request URL (${incoming.method}: ${incoming.path}).`,
          },
          false,
        );
      const source = incoming.method === 'GET' ? incoming.query : new URLSearchParams(incoming.body.toString('utf8'));
      const { key: _inForm, ...params } = decodeForm(source);
      return run({ account, params, fromBrowser });
    } catch (error) {
      if (error instanceof StripeFault) return error;
      throw error;
    }
  }
}

/** Browsers use a publishable key; it opens only what their client secret names. */
function callerOf(incoming: Incoming, secretKey: string): 'server' | 'browser' {
  const value = header(incoming, 'authorization') ?? '';
  const basic = /^Basic (.+)$/i.exec(value)?.[1];
  const inForm = (): string | null =>
    new URLSearchParams(incoming.method === 'GET' ? incoming.query : incoming.body.toString('utf8')).get('key');
  const given =
    /^Bearer (.+)$/i.exec(value)?.[1] ??
    (basic === undefined ? inForm() : Buffer.from(basic, 'base64').toString('utf8').split(':')[0]);
  if (!given)
    throw unauthorised('You did not provide an API key. You need to provide your API key in the Authorization header.');
  if (given === secretKey) return 'server';
  if (given.startsWith('pk_')) return 'browser';
  throw unauthorised(`Invalid API Key provided: ${given.slice(0, 7)}****`);
}

const render = (fault: StripeFault, request: string): Reply =>
  json(fault.status, {
    error: { ...fault.body, request_log_url: `https://dashboard.stripe.com/test/logs/${request}` },
  });

const shouldRetry = (reply: Reply): Record<string, string> =>
  reply.status >= 500 ? { 'stripe-should-retry': 'false' } : {};

function header(incoming: Incoming, name: string): string | null {
  const value = incoming.headers[name];
  return typeof value === 'string' && value !== '' ? value : null;
}
