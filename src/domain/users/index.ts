export {
  addAddress,
  ADDRESSES_MAX,
  listAddresses,
  readAddress,
  removeAddress,
  replaceAddress,
  type AddressEntry,
} from './addresses.js';
export { administerUser, listUsers, type Administration } from './administer-user.js';
export { changeProfile, type ProfileChange } from './change-profile.js';
export { checkSession } from './check-session.js';
export {
  askToConfirmEmail,
  confirmEmail,
  issueConfirmationToken,
  markConfirmationSent,
  type ConfirmationMail,
  type ConfirmationTopic,
} from './confirm-email.js';
export { isCountry } from './countries.js';
export { grantRole, type Administrator } from './grant-role.js';
export {
  assertPasswordAcceptable,
  isPhone,
  isUsername,
  normaliseEmail,
  normaliseUsername,
  PASSWORD_LENGTH,
  passwordHasGoodLength,
} from './identity.js';
export { checkPassword, logIn } from './log-in.js';
export { confirmEmailMail, passwordResetMail, type TokenMail } from './mails.js';
export {
  assertAdmitted,
  assertMay,
  assertMayForShop,
  assertMayForVendor,
  assertOwner,
  assertUser,
  PERMISSIONS,
  ROLES,
  type Permission,
  type Role,
  type UserCaller,
} from './permissions.js';
export type { AccessClaims, AccessTokens, PasswordHasher, SecretTokens, SessionCache } from './ports.js';
export { registerUser, type NewUser } from './register-user.js';
export {
  findResetOwner,
  hashNewPassword,
  issueResetToken,
  markResetMailed,
  preparePasswordReset,
  requestPasswordReset,
  resetPassword,
  type ResetMail,
} from './reset-password.js';
export {
  endAllSessions,
  endSession,
  listSessions,
  REFRESH_LIFETIME_MS,
  refreshSession,
  revokeSessions,
  type Refreshed,
} from './sessions.js';
export { findCredentials, readAccount, readAuthority, readCredentials, type Credentials } from './store.js';
export { findUnmailed } from './find-unmailed.js';
export type * from './types.js';
