import type { UserActivities } from '../activities/users.js';
import type { PasswordResetOutcome } from '../domain/users/types.js';
import type { PasswordResetInput } from './contracts.js';
import { createParking, type Risk } from './parking.js';

const database: Risk<UserActivities> = { startToCloseTimeout: '10s' };
const mail: Risk<UserActivities> = { startToCloseTimeout: '30s' };

/** Mails a link that sets a new password, to an address that has an account. Carries nothing but the request's id. */
export async function passwordReset({ requestId }: PasswordResetInput): Promise<PasswordResetOutcome> {
  const parking = createParking();
  const tell = (state: string): void => parking.describe(`Password reset ${requestId}: ${state}`);

  tell('looking for the account');
  const prepared = await parking.local(database, { name: 'Find the account' }, (run) =>
    run.preparePasswordReset(requestId),
  );
  if (prepared !== 'prepared') {
    tell(`ended, ${prepared}`);
    return prepared;
  }
  tell('mailing the link');
  const outcome = await parking.step(
    mail,
    { name: 'Mail the reset link', helps: 'Look at the mail server. A day after the request it ends by itself.' },
    (run) => run.mailPasswordReset(requestId),
  );
  tell(`ended, ${outcome}`);
  return outcome;
}
