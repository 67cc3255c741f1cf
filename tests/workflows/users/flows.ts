export { confirmEmail } from '../../../src/workflows/confirm-email.js';
export { passwordReset } from '../../../src/workflows/password-reset.js';
