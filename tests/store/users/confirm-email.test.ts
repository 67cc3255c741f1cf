import { newId } from '../../../src/domain/kernel/ids.js';
import {
  askToConfirmEmail,
  confirmEmail,
  issueConfirmationToken,
  markConfirmationSent,
  readAccount,
} from '../../../src/domain/users/index.js';
import { createUserWorld, type UserWorld } from '../../support/users.js';

let world: UserWorld;
beforeAll(() => {
  world = createUserWorld(process.env['DATABASE_URL'] ?? '');
});
afterAll(() => world.close());

async function confirmation(userId: string): Promise<string> {
  const rows = await world.sql<{ id: string }>(
    'select id from email_confirmations where user_id = ? order by created_at desc, id desc limit 1',
    [userId],
  );
  return rows[0]?.id ?? '';
}
const issue = (id: string) =>
  world.transact((em) => issueConfirmationToken({ em, cipher: world.cipher, tokens: world.tokens }, id));
const confirm = (token: string) =>
  world.transact((em) => confirmEmail({ em, cipher: world.cipher, tokens: world.tokens }, { token, requestId: 'r' }));
async function mailed(userId: string): Promise<{ id: string; token: string }> {
  const id = await confirmation(userId);
  const mail = await issue(id);
  if (mail.kind !== 'to_send') throw new Error(`closed: ${mail.outcome}`);
  await expect(issue(id)).resolves.toEqual(mail);
  await world.transact((em) => markConfirmationSent(em, id));
  await expect(issue(id)).resolves.toEqual({ kind: 'closed', outcome: 'sent' });
  return { id, token: mail.token };
}

test('a confirmation token, at first use, confirms the address; at second it is invalid', async () => {
  const user = await world.register();
  const { token } = await mailed(user.id);
  await confirm(token);
  await expect(world.query((em) => readAccount(em, world.cipher, user.id))).resolves.toMatchObject({
    emailVerified: true,
  });
  await expect(confirm(token)).rejects.toMatchObject({ code: 'token_invalid' });
});

test('a confirmation token, once the address changed or expired or another was asked for, is invalid', async () => {
  const [moved, late, again] = [await world.register(), await world.register(), await world.register()];
  const tokens = { moved: await mailed(moved.id), late: await mailed(late.id), again: await mailed(again.id) };
  await world.sql('update users set email = ? where id = ?', [`${newId()}@example.com`, moved.id]);
  await world.sql('update email_confirmations set expires_at = now() where id = ?', [tokens.late.id]);
  await world.transact((em) =>
    askToConfirmEmail(
      { em, cipher: world.cipher },
      { userId: again.id, email: again.email, topic: 'user.confirmation_requested' },
    ),
  );
  for (const { token } of Object.values(tokens))
    await expect(confirm(token)).rejects.toMatchObject({ code: 'token_invalid' });
});

test('a confirmation whose user moved to another address before the mail went out sends nothing', async () => {
  const user = await world.register();
  await world.sql('update users set email = ? where id = ?', [`${newId()}@example.com`, user.id]);
  await expect(issue(await confirmation(user.id))).resolves.toEqual({ kind: 'closed', outcome: 'superseded' });
});
