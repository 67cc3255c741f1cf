import { z } from 'zod';
import type { Cipher } from '../../domain/kernel/cipher.js';
import { DomainError, notFound } from '../../domain/kernel/errors.js';
import { newId } from '../../domain/kernel/ids.js';
import type { Query, Transact } from '../../domain/kernel/transact.js';
import {
  askToConfirmEmail,
  assertUser,
  confirmEmail,
  findResetOwner,
  hashNewPassword,
  PASSWORD_LENGTH,
  passwordHasGoodLength,
  readAccount,
  requestPasswordReset,
  resetPassword,
  type PasswordHasher,
  type SecretTokens,
  type SessionCache,
} from '../../domain/users/index.js';
import { passwordResetWorkflowId, type Flows } from '../../workflows/contracts.js';
import { endpoint, type Endpoint } from '../endpoint.js';
import type { LimitGuesses } from '../limit-guesses.js';
import { addressOf } from '../middleware/address.js';
import { Email } from './users.js';

export interface MailedTokenRouteDeps {
  readonly transact: Transact;
  readonly query: Query;
  readonly cipher: Cipher;
  readonly passwords: PasswordHasher;
  readonly secretTokens: SecretTokens;
  readonly sessionCache: SessionCache;
  readonly flows: Flows;
  readonly limitGuesses: LimitGuesses;
}

export const NewPassword = z
  .string()
  .max(1_024)
  .refine(passwordHasGoodLength, { message: `must have ${PASSWORD_LENGTH.min} to ${PASSWORD_LENGTH.max} characters` });
const MailedToken = z.string().min(1).max(200);
const Accepted = z.strictObject({ status: z.literal('accepted') });

/** Calls around the tokens that go out by mail. */
export function createMailedTokenRoutes(deps: MailedTokenRouteDeps): Endpoint[] {
  const { transact, query, cipher, passwords, secretTokens: tokens, sessionCache, flows, limitGuesses } = deps;
  return [
    endpoint({
      method: 'post',
      path: '/auth/password-reset',
      operationId: 'requestPasswordReset',
      summary: 'Ask for a link that sets a new password; the answer is the same for every address',
      tag: 'auth',
      access: 'open',
      body: z.strictObject({ email: Email }),
      responses: { 202: Accepted },
      async handle({ body, ctx }) {
        await limitGuesses('mail', body.email, addressOf(ctx));
        const id = newId();
        await transact((em) => requestPasswordReset({ em, cipher }, { id, email: body.email }));
        // a row whose flow never starts does nothing, and the client is told to try again
        await flows.start('passwordReset', passwordResetWorkflowId(id), { requestId: id });
        return { status: 202, body: { status: 'accepted' } };
      },
    }),
    endpoint({
      method: 'post',
      path: '/auth/password-reset/confirm',
      operationId: 'resetPassword',
      summary: 'Set a new password with a mailed token, which works once and for 30 minutes; ends all sessions',
      tag: 'auth',
      access: 'open',
      body: z.strictObject({ token: MailedToken, password: NewPassword }),
      responses: { 204: null },
      refuses: ['token_invalid'],
      async handle({ body: { token, password }, requestId: httpRequestId }) {
        const owner = await query((em) => findResetOwner({ em, tokens }, token));
        const passwordHash = await hashNewPassword(passwords, password, owner);
        const ended = await transact((em) =>
          resetPassword({ em, cipher, tokens }, { ...owner, token, passwordHash, httpRequestId }),
        );
        await sessionCache.forget(ended);
        return { status: 204 };
      },
    }),
    endpoint({
      method: 'post',
      path: '/auth/email/confirm',
      operationId: 'confirmEmail',
      summary: 'Confirm an e-mail address with a mailed token',
      tag: 'auth',
      access: 'open',
      body: z.strictObject({ token: MailedToken }),
      responses: { 204: null },
      refuses: ['token_invalid', 'email_taken'],
      async handle({ body, requestId }) {
        await transact((em) => confirmEmail({ em, cipher, tokens }, { token: body.token, requestId }));
        return { status: 204 };
      },
    }),
    endpoint({
      method: 'post',
      path: '/auth/email/confirmation',
      operationId: 'requestEmailConfirmation',
      summary: 'Ask for another mail that confirms your e-mail address; ends the one before',
      tag: 'auth',
      access: 'customer',
      responses: { 202: Accepted },
      refuses: ['conflict', 'not_found'],
      async handle({ caller, ctx }) {
        assertUser(caller);
        const account = await query((em) => readAccount(em, cipher, caller.userId));
        if (account === null) throw notFound('user');
        if (account.emailVerified) throw new DomainError('conflict', 'the e-mail address is confirmed already');
        await limitGuesses('mail', account.email, addressOf(ctx));
        await transact((em) =>
          askToConfirmEmail(
            { em, cipher },
            { userId: account.id, email: account.email, topic: 'user.confirmation_requested' },
          ),
        );
        return { status: 202, body: { status: 'accepted' } };
      },
    }),
  ];
}
