import { layout, type MailMessage } from '../notifications/index.js';

export interface TokenMail {
  readonly requestId: string;
  readonly to: string;
  readonly token: string;
  /** ISO 8601. */
  readonly expiresAt: string;
  /** The link's base. */
  readonly publicUrl: string;
}

/** The same request and token make the same mail, to the letter. */
export const passwordResetMail = (mail: TokenMail): MailMessage =>
  tokenMail(mail, {
    kind: 'password-reset',
    path: '/reset-password',
    subject: 'Choose a new password',
    lead: 'Somebody, hopefully you, asked for a new password for your account.',
    action: 'Choose a new password',
    otherwise: 'If it was not you, do nothing: your password stays as it is.',
  });

export const confirmEmailMail = (mail: TokenMail): MailMessage =>
  tokenMail(mail, {
    kind: 'confirm-email',
    path: '/confirm-email',
    subject: 'Confirm your e-mail address',
    lead: 'An account was opened with this e-mail address, or moved to it.',
    action: 'Confirm the address',
    otherwise: 'If it was not you, do nothing: the address stays unconfirmed.',
  });

interface Wording {
  readonly kind: string;
  readonly path: string;
  readonly subject: string;
  readonly lead: string;
  readonly action: string;
  readonly otherwise: string;
}

function tokenMail({ requestId, to, token, expiresAt, publicUrl }: TokenMail, wording: Wording): MailMessage {
  const until = `${expiresAt.slice(0, 16).replace('T', ' ')} UTC`;
  return {
    // a fresh token is another message
    messageId: `${wording.kind}.${requestId}.${Date.parse(expiresAt)}`,
    to,
    subject: wording.subject,
    ...layout({
      title: wording.subject,
      blocks: [
        { kind: 'paragraph', text: wording.lead },
        { kind: 'link', label: wording.action, url: `${publicUrl}${wording.path}?token=${encodeURIComponent(token)}` },
        {
          kind: 'code',
          label: `The link works once, until ${until}. Its token, where a program asks for it:`,
          code: token,
        },
      ],
      footer: wording.otherwise,
    }),
  };
}
