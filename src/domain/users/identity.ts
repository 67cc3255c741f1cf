import { DomainError } from '../kernel/errors.js';

export const PASSWORD_LENGTH = { min: 10, max: 128 } as const;
const USERNAME = /^[\p{L}\p{N}][\p{L}\p{N}._-]{2,31}$/u;
const PHONE = /^\+[1-9]\d{6,14}$/;

/** Addresses are compared and stored in lower case. */
export const normaliseEmail = (email: string): string => email.trim().toLowerCase();

/** One spelling for names that look alike (NFKC). */
export const normaliseUsername = (username: string): string => username.normalize('NFKC').trim();

/** 3 to 32 letters, digits, `.`, `_` or `-`, the first a letter or digit. */
export const isUsername = (username: string): boolean => USERNAME.test(username);

/** E.164. */
export const isPhone = (phone: string): boolean => PHONE.test(phone);

export const passwordHasGoodLength = (password: string): boolean => {
  const { length } = [...password.normalize('NFKC')];
  return length >= PASSWORD_LENGTH.min && length <= PASSWORD_LENGTH.max;
};

/**
 * Length, and not what everybody can read; no rules of composition.
 * @throws DomainError `validation_failed`
 */
export function assertPasswordAcceptable(
  password: string,
  owner: { readonly email: string; readonly username: string },
): void {
  const refuse = (message: string): never => {
    throw new DomainError('validation_failed', 'the password is not acceptable', {}, [{ field: 'password', message }]);
  };
  if (!passwordHasGoodLength(password)) refuse(`must have ${PASSWORD_LENGTH.min} to ${PASSWORD_LENGTH.max} characters`);
  const plain = password.normalize('NFKC').toLowerCase();
  const [local] = owner.email.split('@');
  if ([owner.email, owner.username.toLowerCase(), local].includes(plain))
    refuse('must not be your e-mail address or username');
}
