import { createTransport } from 'nodemailer';
import { DeliveryError, MOST_AT_ONCE, type Mailer } from '../../domain/notifications/ports.js';

export interface SmtpMailerOptions {
  /** `smtp://user:password@host:port`, or `smtps://` for TLS from the start. */
  readonly url: string;
  /** `Shop <shop@example.com>` */
  readonly from: string;
  readonly timeoutMs?: number;
}

/** Connections for mails that are not about orders. */
const FOR_ACCOUNTS = 3;

/** Sends mail over pooled SMTP connections; `close` ends them. */
export function createSmtpMailer({ url, from, timeoutMs = 10_000 }: SmtpMailerOptions): Mailer & { close(): void } {
  const server = new URL(url);
  const secure = server.protocol === 'smtps:';
  const transport = createTransport({
    pool: true,
    maxConnections: MOST_AT_ONCE + FOR_ACCOUNTS,
    host: server.hostname,
    port: Number(server.port) || (secure ? 465 : 587),
    secure,
    ...(server.username === ''
      ? {}
      : { auth: { user: decodeURIComponent(server.username), pass: decodeURIComponent(server.password) } }),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const domain = /@([^\s>]+)/.exec(from)?.[1] ?? 'localhost';

  return {
    async send({ messageId, to, subject, text, html }) {
      try {
        await transport.sendMail({
          messageId: asMessageId(messageId, domain),
          from,
          // As an object, so that commas and brackets in it do not make more recipients.
          to: { name: '', address: to },
          subject,
          text,
          html,
          headers: { 'Auto-Submitted': 'auto-generated' },
          // A server that answers drop by drop stays below every other time-out.
          signal: AbortSignal.timeout(3 * timeoutMs),
        });
      } catch (error) {
        // The library's message quotes the server, and that the address.
        throw refusal(error);
      }
    },
    close: () => transport.close(),
  };
}

function asMessageId(id: string, domain: string): string {
  const bare = id.replace(/^<|>$/g, '');
  return `<${bare.includes('@') ? bare : `${bare}@${domain}`}>`;
}

function refusal(error: unknown): DeliveryError {
  const { responseCode, code, command } = error as { responseCode?: unknown; code?: unknown; command?: unknown };
  if (typeof responseCode === 'number' && responseCode > 0) {
    // Of the server's "never", only those about this very message are final.
    const permanent = responseCode >= 500 && code !== 'EAUTH' && /^(RCPT TO|DATA)$/.test(String(command));
    return new DeliveryError('mail', `smtp_${responseCode}`, permanent);
  }
  if (code === 'EENVELOPE') return new DeliveryError('mail', 'invalid_address', true);
  return new DeliveryError('mail', typeof code === 'string' ? code.toLowerCase() : 'connection', false, !unsent(error));
}

/** True of a failure that came before there was a session to send anything in. */
function unsent(error: unknown): boolean {
  const { code, syscall, timeoutType } = error as { code?: unknown; syscall?: unknown; timeoutType?: unknown };
  return (
    code === 'EDNS' ||
    code === 'EAUTH' ||
    code === 'ETLS' ||
    syscall === 'connect' ||
    timeoutType === 'CONNECTION_TIMEOUT' ||
    timeoutType === 'GREETING_TIMEOUT'
  );
}
