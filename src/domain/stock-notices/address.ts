import type { Cipher } from '../kernel/cipher.js';

export const emailContext = (noticeId: string): string => `stock_notices.email:${noticeId}`;

/** The secret of the link in a notice's mail: the same in every mail to one address, however keys rotate. */
export const withdrawToken = (cipher: Cipher, email: string): string =>
  cipher.blindIndex(email, 'stock_notices.withdraw_token');

/** What open notices of one address have in common. It follows from the token, and never leads to it. */
export const addressIndex = (cipher: Cipher, token: string): string =>
  cipher.blindIndex(token, 'stock_notices.email_index');
