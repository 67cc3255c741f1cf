import { randomBytes, timingSafeEqual } from 'node:crypto';
import { isGsm, partsOf } from '../../src/infra/vonage/gsm.js';
import { type Incoming, json, type Reply } from '../simulation/host.js';
import type { Messages } from './messages.js';

export interface Account {
  readonly apiKey: string;
  readonly apiSecret: string;
  readonly messages: Messages;
  readonly now: () => Date;
}

/** `POST /sms/json`: always 200; the statuses inside tell. */
export function acceptText({ apiKey, apiSecret, messages, now }: Account, incoming: Incoming): Reply {
  const params = paramsOf(incoming);
  const given = credentialsOf(incoming, params);
  if (given === null) return refusal('2', 'Missing Api_key');
  if (!same(given.key, apiKey) || !same(given.secret, apiSecret)) return refusal('4', 'Bad Credentials');
  const { to = '', from = '', text = '', type = 'text' } = params;
  const ref = params['client-ref'] ?? null;
  if (to === '') return refusal('2', 'Missing to param');
  if (from === '') return refusal('2', 'Missing from param');
  if (text === '') return refusal('2', 'Missing text param');
  if (!/^\d+$/.test(to)) return refusal('3', 'to address is not numeric');
  if (!/^[1-9]\d{6,14}$/.test(to)) return refusal('3', 'Invalid to param');
  if (type !== 'text' && type !== 'unicode') return refusal('3', 'Invalid type param');
  if (/[^\d+]/.test(from) && from.length > 11) return refusal('15', 'Invalid sender address');
  if (ref !== null && ref.length > 100) return refusal('3', 'Invalid client-ref param');

  // Sent as plain text, what the alphabet of phones does not have is lost.
  const shown = type === 'text' ? [...text].map((char) => (isGsm(char) ? char : '?')).join('') : text;
  const parts = partsOf(shown);
  const ids = Array.from({ length: parts }, () => randomBytes(16).toString('hex').toUpperCase().slice(0, 20));
  messages.add({
    to,
    from,
    text: shown,
    client_ref: ref,
    message_id: ids[0] ?? '',
    parts,
    type,
    at: now().toISOString(),
  });
  return json(200, {
    'message-count': String(parts),
    messages: ids.map((id) => ({
      to,
      'message-id': id,
      status: '0',
      'remaining-balance': '100.00000000',
      'message-price': '0.03330000',
      network: '00000',
      ...(ref === null ? {} : { 'client-ref': ref }),
    })),
  });
}

export const refusal = (status: string, text: string): Reply =>
  json(200, { 'message-count': '1', messages: [{ status, 'error-text': text }] });

function paramsOf(incoming: Incoming): Record<string, string> {
  const raw = incoming.body.toString('utf8');
  const parsed: unknown = String(incoming.headers['content-type']).includes('json')
    ? JSON.parse(raw === '' ? '{}' : raw)
    : Object.fromEntries(new URLSearchParams(raw));
  const entries = typeof parsed === 'object' && parsed !== null ? Object.entries(parsed) : [];
  return {
    ...Object.fromEntries(incoming.query),
    ...Object.fromEntries(entries.map(([name, value]) => [name, String(value)])),
  };
}

/** Basic authorization, as the SDK sends it, or the older parameters. */
function credentialsOf(incoming: Incoming, params: Record<string, string>): { key: string; secret: string } | null {
  const basic = /^Basic (.+)$/i.exec(String(incoming.headers.authorization ?? ''))?.[1];
  if (basic !== undefined) {
    const [key = '', ...secret] = Buffer.from(basic, 'base64').toString('utf8').split(':');
    return { key, secret: secret.join(':') };
  }
  const { api_key: key, api_secret: secret } = params;
  return key === undefined || secret === undefined ? null : { key, secret };
}

function same(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
