/** How many order messages of one channel a process sends side by side: as many as an adapter must have connections for. */
export const MOST_AT_ONCE = 5;

export interface MailMessage {
  /** The same for every repeat of one message, so that receivers can tell a repeat. */
  readonly messageId: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

export interface Mailer {
  /** Resolves when the server accepted the message; throws DeliveryError otherwise. Always ends. */
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
  /** Resolves with the provider's id when it accepted the message; throws DeliveryError otherwise. Always ends. */
  send(message: TextMessage): Promise<{ readonly providerId: string }>;
}

/** Why a message was not accepted: a code, and nothing of the message, its address or the provider's wording. */
export class DeliveryError extends Error {
  readonly channel: 'mail' | 'sms';
  readonly code: string;
  /** Trying again cannot help, as with an address that does not exist. */
  readonly permanent: boolean;
  /** The message, or a part of it, may have been accepted: sending it again may repeat it. */
  readonly uncertain: boolean;

  constructor(channel: 'mail' | 'sms', code: string, permanent: boolean, uncertain = false) {
    super(`${channel} not accepted: ${code}`);
    this.name = 'DeliveryError';
    this.channel = channel;
    this.code = code;
    this.permanent = permanent;
    this.uncertain = uncertain;
  }
}
