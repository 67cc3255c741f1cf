import type Stripe from 'stripe';
import type { Params } from '../simulation/form.js';
import { type Account, idOf } from './account.js';
import { noSuch, unauthorised } from './fault.js';
import { createIntent } from './intents/create.js';
import {
  cancelIntent,
  captureIntent,
  confirmIntent,
  findIntent,
  findIntentOfBrowser,
  updateIntent,
} from './intents/change.js';
import { createdRange, integer, known, metadata, strings, text } from './params.js';
import {
  attachPaymentMethod,
  createPaymentMethod,
  detachPaymentMethod,
  findPaymentMethod,
  updatePaymentMethod,
} from './payment-methods.js';
import { createRefund, findRefund } from './refunds.js';
import type { Kind, ListQuery } from './store.js';

export interface Call {
  readonly account: Account;
  readonly params: Params;
  readonly id: string;
  /** Called with a publishable key, from a browser. */
  readonly fromBrowser: boolean;
}

interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: RegExp;
  readonly forBrowsers?: boolean;
  readonly run: (call: Call) => object;
}

const LIST = ['limit', 'starting_after', 'ending_before', 'created', 'expand'];

const ROUTES: readonly Route[] = [
  route('POST', '/v1/payment_intents', ({ account, params }) => createIntent(account, params)),
  route('GET', '/v1/payment_intents', ({ account, params }) => {
    known(params, [...LIST, 'customer', 'customer_account']);
    return list(account, 'payment_intent', params, '/v1/payment_intents');
  }),
  browserRoute('GET', '/v1/payment_intents/:id', (call) => intentOf(call)),
  route('POST', '/v1/payment_intents/:id', ({ account, id, params }) =>
    updateIntent(account, findIntent(account, id), params),
  ),
  browserRoute('POST', '/v1/payment_intents/:id/confirm', (call) =>
    confirmIntent(call.account, intentOf(call), call.params),
  ),
  route('POST', '/v1/payment_intents/:id/capture', ({ account, id, params }) =>
    captureIntent(account, findIntent(account, id), params),
  ),
  route('POST', '/v1/payment_intents/:id/cancel', ({ account, id, params }) =>
    cancelIntent(account, findIntent(account, id), params),
  ),
  route('GET', '/v1/charges/:id', ({ account, id }) => {
    const charge = account.store.get('charge', id);
    if (charge === undefined) throw noSuch('charge', id);
    return charge;
  }),
  route('GET', '/v1/charges', ({ account, params }) => {
    known(params, [...LIST, 'payment_intent', 'customer', 'transfer_group']);
    return list(account, 'charge', params, '/v1/charges', text(params, 'payment_intent'));
  }),
  route('POST', '/v1/refunds', ({ account, params }) => createRefund(account, params)),
  route('GET', '/v1/refunds', ({ account, params }) => {
    known(params, [...LIST, 'charge', 'payment_intent']);
    const charge = text(params, 'charge');
    const parent = charge === null ? null : (idOf(account.store.get('charge', charge)?.payment_intent) ?? charge);
    return list(account, 'refund', params, '/v1/refunds', parent ?? text(params, 'payment_intent'));
  }),
  route('GET', '/v1/refunds/:id', ({ account, id }) => findRefund(account, id)),
  route('POST', '/v1/refunds/:id', ({ account, id, params }) => {
    known(params, ['metadata', 'expand']);
    const refund = findRefund(account, id);
    const next = { ...refund, metadata: metadata(params, refund.metadata ?? {}) };
    account.store.run('update objects set doc = ? where id = ?', JSON.stringify(next), id);
    account.emit('refund.updated', next);
    return next;
  }),
  browserRoute('POST', '/v1/payment_methods', ({ account, params }) => createPaymentMethod(account, params)),
  route('GET', '/v1/payment_methods', ({ account, params }) => {
    known(params, [...LIST, 'customer', 'type', 'allow_redisplay']);
    return list(account, 'payment_method', params, '/v1/payment_methods');
  }),
  route('GET', '/v1/payment_methods/:id', ({ account, id }) => findPaymentMethod(account, id)),
  route('POST', '/v1/payment_methods/:id', ({ account, id, params }) => updatePaymentMethod(account, id, params)),
  route('POST', '/v1/payment_methods/:id/attach', ({ account, id, params }) =>
    attachPaymentMethod(account, id, params),
  ),
  route('POST', '/v1/payment_methods/:id/detach', ({ account, id, params }) =>
    detachPaymentMethod(account, id, params),
  ),
  route('GET', '/v1/events', ({ account, params }) => {
    known(params, [...LIST, 'type', 'types', 'delivery_success']);
    return list(account, 'event', params, '/v1/events', text(params, 'type'), strings(params, 'types'));
  }),
  route('GET', '/v1/events/:id', ({ account, id }) => {
    const event = account.store.get('event', id);
    if (event === undefined) throw noSuch('event', id);
    return event;
  }),
];

/** Finds the endpoint; null where there is none. Runs it and expands what was asked for. */
export function findRoute(method: string, path: string): ((call: Omit<Call, 'id'>) => object) | null {
  for (const candidate of ROUTES) {
    const match = candidate.method === method ? candidate.path.exec(path) : null;
    if (match === null) continue;
    return (call) => {
      if (call.fromBrowser && !candidate.forBrowsers)
        throw unauthorised('This API call cannot be made with a publishable API key. Please use a secret API key.');
      const id = decodeURIComponent(match[1] ?? '');
      const result = candidate.run({ ...call, id });
      return expanded(call.account, result, strings(call.params, 'expand'));
    };
  }
  return null;
}

function route(method: Route['method'], path: string, run: Route['run']): Route {
  return { method, path: new RegExp(`^${path.replace(':id', '([^/]+)')}$`), run };
}

function browserRoute(method: Route['method'], path: string, run: Route['run']): Route {
  return { ...route(method, path, run), forBrowsers: true };
}

function intentOf({ account, id, params, fromBrowser }: Call): Stripe.PaymentIntent {
  return fromBrowser ? findIntentOfBrowser(account, id, text(params, 'client_secret')) : findIntent(account, id);
}

function list(
  account: Account,
  kind: Kind,
  params: Params,
  url: string,
  parent: string | null = null,
  types: string[] = [],
): object {
  const limit = Math.min(integer(params, 'limit') ?? 10, 100);
  const query: ListQuery = {
    limit,
    created: createdRange(params),
    parent,
    startingAfter: text(params, 'starting_after'),
    endingBefore: text(params, 'ending_before'),
  };
  const { data, hasMore } = account.store.list(kind, query);
  const shown = types.length === 0 ? data : data.filter((each) => 'type' in each && types.includes(String(each.type)));
  return { object: 'list', url, has_more: hasMore, data: shown };
}

const KIND_BY_PREFIX: Record<string, Kind> = { pi: 'payment_intent', ch: 'charge', re: 'refund', pm: 'payment_method' };

/** Replaces ids by the objects they stand for, along paths such as `data.latest_charge`. */
function expanded(account: Account, target: object, paths: readonly string[]): object {
  return paths.reduce<object>((result, path) => expandPath(account, result, path.split('.')), target);
}

function expandPath(account: Account, target: object, [name = '', ...rest]: string[]): object {
  const value = (target as Record<string, unknown>)[name];
  if (Array.isArray(value)) return { ...target, [name]: value.map((item: object) => expandPath(account, item, rest)) };
  const kind = typeof value === 'string' ? KIND_BY_PREFIX[value.split('_')[0] ?? ''] : undefined;
  const found = kind === undefined ? value : account.store.get(kind, String(value));
  if (typeof found !== 'object' || found === null) return target;
  return { ...target, [name]: rest.length === 0 ? found : expandPath(account, found, rest) };
}
