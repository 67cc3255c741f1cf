import type { Cipher } from '../../../../domain/kernel/cipher.js';
import type { Query, Transact } from '../../../../domain/kernel/transact.js';

export interface AdminOrderRouteDeps {
  readonly transact: Transact;
  readonly query: Query;
  readonly cipher: Cipher;
}
