import type { Cipher } from '../domain/kernel/cipher.js';
import type { Transact } from '../domain/kernel/transact.js';
import { DeliveryError, type MailMessage, type Mailer } from '../domain/notifications/index.js';
import {
  confirmEmailMail,
  issueConfirmationToken,
  issueResetToken,
  markConfirmationSent,
  markResetMailed,
  passwordResetMail,
  preparePasswordReset,
  type EmailConfirmationOutcome,
  type PasswordResetOutcome,
  type SecretTokens,
} from '../domain/users/index.js';

export interface UserActivityDeps {
  readonly transact: Transact;
  readonly cipher: Cipher;
  readonly tokens: SecretTokens;
  readonly mailer: Mailer;
  /** The base of links in mails, without a slash at its end. */
  readonly publicUrl: string;
}

export type UserActivities = ReturnType<typeof createUserActivities>;

/** All idempotent. Tokens and addresses stay in here: what goes in and out stands in histories. */
export function createUserActivities({ transact, cipher, tokens, mailer, publicUrl }: UserActivityDeps) {
  return {
    preparePasswordReset: (requestId: string) => transact((em) => preparePasswordReset({ em, cipher }, requestId)),

    /** Stores the token, then mails it; a repeat says the same again, and nothing once it is known to be sent. */
    async mailPasswordReset(requestId: string): Promise<PasswordResetOutcome> {
      const mail = await transact((em) => issueResetToken({ em, cipher, tokens }, requestId));
      if (mail.kind === 'closed') return mail.outcome;
      const outcome = await deliver(mailer, passwordResetMail({ requestId, publicUrl, ...mail }));
      await transact((em) => markResetMailed(em, requestId, outcome));
      return outcome;
    },

    /** Like `mailPasswordReset`, for the link that confirms an e-mail address. */
    async mailEmailConfirmation(confirmationId: string): Promise<EmailConfirmationOutcome> {
      const mail = await transact((em) => issueConfirmationToken({ em, cipher, tokens }, confirmationId));
      if (mail.kind === 'closed') return mail.outcome;
      const outcome = await deliver(mailer, confirmEmailMail({ requestId: confirmationId, publicUrl, ...mail }));
      if (outcome === 'sent') await transact((em) => markConfirmationSent(em, confirmationId));
      return outcome;
    },
  };
}

/** A server that will never take this very mail is an answer; everything else is an outage. */
async function deliver(mailer: Mailer, message: MailMessage): Promise<'sent' | 'undeliverable'> {
  try {
    await mailer.send(message);
    return 'sent';
  } catch (error) {
    if (error instanceof DeliveryError && error.permanent) return 'undeliverable';
    throw error;
  }
}
