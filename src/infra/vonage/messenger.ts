import { Vonage } from '@vonage/server-sdk';
import { DeliveryError, type TextMessage, type TextMessenger } from '../../domain/notifications/ports.js';
import { isGsm } from './gsm.js';

export interface VonageMessengerOptions {
  readonly apiKey: string;
  readonly apiSecret: string;
  /** Another host than Vonage's own, e.g. a simulator. */
  readonly apiUrl?: string | undefined;
  /** A number of ours, or up to 11 letters and digits. */
  readonly from: string;
  readonly timeoutMs?: number;
}

type SendParams = NonNullable<Parameters<Vonage['sms']['send']>[0]>;

const VONAGE_URL = 'https://rest.nexmo.com';

/** Vonage's refusals by status; those marked will be the same however often we ask. */
const REFUSALS: Readonly<Record<string, { readonly code: string; readonly permanent: boolean }>> = {
  1: { code: 'throttled', permanent: false },
  2: { code: 'missing_parameter', permanent: true },
  3: { code: 'invalid_parameter', permanent: true },
  4: { code: 'bad_credentials', permanent: false },
  5: { code: 'provider_error', permanent: false },
  6: { code: 'invalid_message', permanent: true },
  7: { code: 'number_barred', permanent: true },
  8: { code: 'account_barred', permanent: false },
  9: { code: 'quota_exceeded', permanent: false },
  10: { code: 'too_many_connections', permanent: false },
  11: { code: 'account_not_enabled', permanent: false },
  12: { code: 'message_too_long', permanent: true },
  15: { code: 'invalid_sender', permanent: false },
  29: { code: 'destination_not_allowed', permanent: false },
  33: { code: 'number_deactivated', permanent: true },
};

/** Sends text messages over Vonage's SMS API; the reference travels as `client-ref`. */
export function createVonageMessenger({
  apiKey,
  apiSecret,
  apiUrl,
  from,
  timeoutMs = 10_000,
}: VonageMessengerOptions): TextMessenger {
  const restHost = (apiUrl ?? VONAGE_URL).replace(/\/$/, '');
  const { sms } = new Vonage({ apiKey, apiSecret }, { restHost, timeout: timeoutMs });

  return {
    async send(message) {
      const answer = await ask(message);
      // A long text is several messages: one that was refused leaves it torn.
      const refused = answer.find((part) => !accepted(part));
      if (refused !== undefined) throw refusal(refused.status, answer.length > 1 && answer.some(accepted));
      const providerId = answer[0]?.messageId;
      if (providerId === undefined) throw new DeliveryError('sms', 'invalid_answer', false, true);
      return { providerId };
    },
  };

  async function ask({
    to,
    text,
    reference,
  }: TextMessage): Promise<{ status: string; messageId?: string | undefined }[]> {
    const params: SendParams = {
      from,
      to: to.replace(/^\+/, ''),
      text,
      clientRef: reference,
      type: (isGsm(text) ? 'text' : 'unicode') as NonNullable<SendParams['type']>,
    };
    try {
      return (await sms.send(params)).messages ?? [];
    } catch (error) {
      // The SDK's errors carry the request, with its number, text and credentials.
      const messages = messagesOf(error);
      if (messages !== null) return messages;
      throw new DeliveryError('sms', codeOf(error), false, !unsent(error));
    }
  }
}

const accepted = ({ status }: { readonly status: string }): boolean => status === '0';

function refusal(status: string, torn: boolean): DeliveryError {
  const { code, permanent } = REFUSALS[status] ?? { code: `status_${status}`, permanent: false };
  return new DeliveryError('sms', code, permanent, torn);
}

/** What the SDK's SMSFailure knows; it throws one whenever a status is not zero. */
function messagesOf(error: unknown): { status: string }[] | null {
  const { getMessages: all } = error as { getMessages?: unknown };
  return typeof all === 'function' ? (all.call(error) as { status: string }[]) : null;
}

function codeOf(error: unknown): string {
  const { name, response, cause } = error as {
    name?: unknown;
    response?: { status?: unknown };
    cause?: { code?: unknown };
  };
  if (name === 'AbortError') return 'timeout';
  if (typeof response?.status === 'number') return `http_${response.status}`;
  return typeof cause?.code === 'string' ? cause.code.toLowerCase() : 'connection';
}

/** True where the request was never taken: refused outright, or it never reached the provider. */
function unsent(error: unknown): boolean {
  const { response, code, cause } = error as {
    response?: { status?: unknown };
    code?: unknown;
    cause?: { code?: unknown };
  };
  if (typeof response?.status === 'number') return response.status >= 400 && response.status < 500;
  return /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$/.test(
    String(cause?.code ?? code),
  );
}
