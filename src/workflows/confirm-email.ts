import type { UserActivities } from '../activities/users.js';
import type { EmailConfirmationOutcome } from '../domain/users/types.js';
import type { ConfirmEmailInput } from './contracts.js';
import { createParking, type Risk } from './parking.js';

const mail: Risk<UserActivities> = { startToCloseTimeout: '30s' };

/** Mails a link that proves whose an e-mail address is. Carries nothing but the confirmation's id. */
export async function confirmEmail({ confirmationId }: ConfirmEmailInput): Promise<EmailConfirmationOutcome> {
  const parking = createParking();
  parking.describe(`E-mail confirmation ${confirmationId}: mailing the link`);
  const outcome = await parking.step(
    mail,
    { name: 'Mail the confirmation link', helps: 'Look at the mail server.' },
    (run) => run.mailEmailConfirmation(confirmationId),
  );
  parking.describe(`E-mail confirmation ${confirmationId}: ended, ${outcome}`);
  return outcome;
}
