export interface MailMessage {
  /** The same for every repeat of one message, so that receivers can tell a repeat. */
  readonly messageId: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

export interface Mailer {
  /** Resolves when the server accepted the message; throws otherwise. */
  send(message: MailMessage): Promise<void>;
}

export interface TextMessage {
  /** The same for every repeat of one message. */
  readonly reference: string;
  /** E.164, e.g. +4915112345678. */
  readonly to: string;
  readonly text: string;
}

export interface TextMessenger {
  /** Resolves with the provider's id when it accepted the message; throws otherwise. */
  send(message: TextMessage): Promise<{ readonly providerId: string }>;
}

/** Why a message was not accepted: a code, and nothing of the message, its address or the provider's wording. */
export class DeliveryError extends Error {
  readonly channel: 'mail' | 'sms';
  readonly code: string;
  /** Trying again cannot help, as with an address that does not exist. */
  readonly permanent: boolean;

  constructor(channel: 'mail' | 'sms', code: string, permanent: boolean) {
    super(`${channel} not accepted: ${code}`);
    this.name = 'DeliveryError';
    this.channel = channel;
    this.code = code;
    this.permanent = permanent;
  }
}
