import { Users } from './0001-users.js';
import { Catalogue } from './0002-catalogue.js';
import { Inventory } from './0003-inventory.js';
import { Carts } from './0004-carts.js';
import { Checkouts } from './0005-checkouts.js';
import { Messages } from './0006-messages.js';

/** In the order they run; a landed one never changes. */
export const migrations = [
  { name: '0001-users', class: Users },
  { name: '0002-catalogue', class: Catalogue },
  { name: '0003-inventory', class: Inventory },
  { name: '0004-carts', class: Carts },
  { name: '0005-checkouts', class: Checkouts },
  { name: '0006-messages', class: Messages },
];
