import { passwordResetWorkflowId } from '../../../src/workflows/contracts.js';
import type { Shopper } from '../visit.js';
import { checkFlowEnded } from './steps.js';

const SUBJECT = 'Choose a new password';

/** A customer gets a new password through the mail. */
export const forgetful: Shopper = {
  name: 'Dan',
  async visit(visit) {
    const { browser, me, outside, check, say, show } = visit;
    const { id } = await browser.register(me);
    await browser.logIn(me);
    say(`registers as ${me.email} (user ${id}), logs in, and forgets the password`);

    await browser.ask(202, 'POST', '/auth/password-reset', { body: { email: me.email } });
    say('asks for another');
    const mails = await check.eventually(
      'the mail',
      async () => (await outside.mailsTo(me.email)).filter(({ subject }) => subject === SUBJECT),
      (found) => found.length > 0,
      { expected: SUBJECT },
    );
    check.equal('mails with a link', mails.length, 1);
    const { text = '', messageId = '' } = mails[0] ?? {};
    const [, requestId = ''] = messageId.split('.');
    const workflowId = passwordResetWorkflowId(requestId);
    show(`Dan's password reset`, workflowId);
    say(`gets the mail "${SUBJECT}" (request ${requestId})`);

    const token = decodeURIComponent(/[?&]token=([^\s&]+)/.exec(text)?.[1] ?? '');
    const password = `${me.password} again`;
    await browser.ask(204, 'POST', '/auth/password-reset/confirm', { body: { token, password } });
    say('follows its link and chooses a new password');

    await browser.ask(401, 'GET', '/users/me');
    const { error } = await browser.ask(401, 'POST', '/auth/login', {
      body: { email: me.email, password: me.password },
    });
    check.equal('the old password', error.code, 'bad_credentials');
    const reused = await browser.ask(400, 'POST', '/auth/password-reset/confirm', { body: { token, password } });
    check.equal('the link, used again', reused.error.code, 'token_invalid');
    const user = await browser.logIn({ email: me.email, password });
    check.equal('who is logged in', user.id, id);
    say('the old session, the old password and the link are void; the new password opens the account');
    await checkFlowEnded(visit, workflowId, 'sent');
    say(`${workflowId} is completed`);
  },
};
