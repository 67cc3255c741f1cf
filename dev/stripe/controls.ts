import { type Incoming, html, json, type Reply } from '../simulation/host.js';
import type { Switches } from '../simulation/switches.js';
import type { Account } from './account.js';
import { StripeFault } from './fault.js';
import type { createIdempotency } from './idempotency.js';
import { finishChallenge } from './intents/attempt.js';
import { findIntent } from './intents/change.js';
import { latest, readLedger } from './ledger.js';
import { challengePage, ledgerPage } from './pages.js';
import { settleRefund } from './refunds.js';
import type { Webhooks, WebhookSwitches } from './webhooks.js';

export interface ControlDeps {
  readonly account: Account;
  readonly switches: Switches;
  readonly webhooks: Webhooks;
  readonly idempotency: ReturnType<typeof createIdempotency>;
  readonly housekeeping: () => void;
}

type Body = Readonly<Record<string, unknown>>;
type Control = (match: RegExpExecArray, body: Body, incoming: Incoming) => Reply;

/** What Stripe does not have: the ledger page, the bank's challenge, and the switches for tests. */
export function createControls({ account, switches, webhooks, idempotency, housekeeping }: ControlDeps) {
  const { store } = account;

  const table: readonly (readonly [string, RegExp, Control])[] = [
    ['GET', /^\/(?:ledger)?$/, () => html(ledgerPage(latest(store, 200), account.now()))],
    [
      'GET',
      /^\/ledger\.json$/,
      (_match, _body, incoming) => json(200, readLedger(store, incoming.query.get('intent'))),
    ],
    ['GET', /^\/test\/3ds\/([^/]+)$/, ([, id = '']) => html(challengePage(findIntent(account, id)))],
    ['POST', /^\/test\/payment_intents\/([^/]+)\/authenticate$/, authenticate],
    [
      'POST',
      /^\/test\/refunds\/([^/]+)\/settle$/,
      ([, id = ''], body) => {
        const status = body['status'] === 'failed' ? 'failed' : 'succeeded';
        const refund = store.transaction(() => settleRefund(account, id, status));
        webhooks.pump();
        return json(200, refund);
      },
    ],
    ['GET', /^\/test\/switches$/, () => json(200, { ...switches.current(), webhook: webhooks.switches() })],
    [
      'POST',
      /^\/test\/switches$/,
      (_match, body) => {
        const { webhook, ...rest } = body;
        switches.set(rest);
        if (webhook !== undefined) webhooks.set(webhook as Body);
        return json(200, { ...switches.current(), webhook: webhooks.switches() });
      },
    ],
    [
      'POST',
      /^\/test\/reset$/,
      (_match, body) => {
        switches.reset();
        webhooks.reset();
        if (body['state'] === true) store.clear();
        return json(200, { reset: true });
      },
    ],
    ['POST', /^\/test\/keys\/forget$/, () => json(200, { forgotten: idempotency.forget() })],
    [
      'POST',
      /^\/test\/clock$/,
      (_match, body) => {
        const by = Number(body['advance_seconds'] ?? 0) * 1000;
        if (!Number.isFinite(by)) throw new Error('advance_seconds must be a number');
        store.transaction(() => {
          store.setMeta('clock_offset_ms', String(Number(store.meta('clock_offset_ms') ?? 0) + by));
          housekeeping();
        });
        webhooks.pump();
        return json(200, { now: account.now().toISOString() });
      },
    ],
    [
      'GET',
      /^\/test\/webhooks$/,
      () => json(200, { endpoint: webhooks.endpoint()?.url ?? null, deliveries: webhooks.deliveries(500) }),
    ],
    [
      'POST',
      /^\/test\/webhooks\/endpoint$/,
      (_match, body) => {
        const secrets = Array.isArray(body['secrets']) ? body['secrets'].map(String) : [];
        webhooks.setEndpoint(typeof body['url'] === 'string' ? { url: body['url'], secrets } : null);
        return json(200, { endpoint: body['url'] ?? null });
      },
    ],
    [
      'POST',
      /^\/test\/webhooks\/release$/,
      (_match, body) => {
        const order = (body['order'] ?? 'normal') as WebhookSwitches['order'];
        return json(200, { released: webhooks.release(order) });
      },
    ],
    [
      'POST',
      /^\/test\/webhooks\/deliver$/,
      (_match, body) => {
        webhooks.redeliver(String(body['event']));
        return json(200, { delivering: body['event'] });
      },
    ],
  ];

  function authenticate([, id = '']: RegExpExecArray, body: Body, incoming: Incoming): Reply {
    const intent = findIntent(account, id);
    if (intent.status !== 'requires_action')
      return json(409, { error: { message: `intent is ${intent.status}, there is nothing to authenticate` } });
    const next = store.transaction(() => finishChallenge(account, intent, body['outcome'] !== 'fail'));
    webhooks.pump();
    const back = intent.next_action?.redirect_to_url?.return_url;
    const fromPage = String(incoming.headers['content-type']).includes('form-urlencoded');
    if (!fromPage) return json(200, { id: next.id, status: next.status });
    return back
      ? { status: 303, headers: { location: returnTo(back, next.id, next.client_secret ?? '') }, body: '' }
      : html(challengePage(next));
  }

  return async (incoming: Incoming): Promise<Reply> => {
    for (const [method, path, run] of table) {
      const match = method === incoming.method ? path.exec(incoming.path) : null;
      if (match === null) continue;
      try {
        return run(match, bodyOf(incoming), incoming);
      } catch (error) {
        const status = error instanceof StripeFault ? error.status : 400;
        return json(status, { error: { message: error instanceof Error ? error.message : 'bad request' } });
      }
    }
    return json(404, { error: { message: 'not found' } });
  };
}

function bodyOf(incoming: Incoming): Body {
  const raw = incoming.body.toString('utf8');
  if (raw === '') return {};
  if (String(incoming.headers['content-type']).includes('form-urlencoded'))
    return Object.fromEntries(new URLSearchParams(raw));
  const parsed: unknown = JSON.parse(raw);
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw new Error('expected a JSON object');
  return parsed as Body;
}

function returnTo(url: string, intentId: string, secret: string): string {
  const target = new URL(url);
  target.searchParams.set('payment_intent', intentId);
  target.searchParams.set('payment_intent_client_secret', secret);
  target.searchParams.set('redirect_status', 'succeeded');
  return target.toString();
}
