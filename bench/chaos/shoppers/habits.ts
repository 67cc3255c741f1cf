import { cancelsOrder, isRefunded, looksAround, resetsPassword, restocks } from './after.js';
import * as buying from './buying.js';
import type { Visit } from './visit.js';

/** What people do in a shop, and how many of them. */
export interface Habit {
  readonly name: string;
  readonly weight: number;
  readonly visit: (visit: Visit) => Promise<unknown>;
}

export const HABITS: readonly Habit[] = [
  { name: 'buys', weight: 24, visit: buying.buys },
  { name: 'buys logged in', weight: 8, visit: buying.buysLoggedIn },
  { name: 'pays on delivery', weight: 5, visit: buying.paysOnDelivery },
  { name: 'is declined and retries', weight: 10, visit: buying.isDeclinedAndRetries },
  { name: 'authenticates', weight: 8, visit: buying.authenticates },
  { name: 'authenticates late', weight: 5, visit: buying.authenticatesLate },
  { name: 'submits twice', weight: 8, visit: buying.submitsTwice },
  { name: 'has two tabs', weight: 4, visit: buying.hasTwoTabs },
  { name: 'edits while paying', weight: 5, visit: buying.editsWhilePaying },
  { name: 'abandons', weight: 5, visit: buying.abandons },
  { name: 'changes mind', weight: 3, visit: buying.changesMind },
  { name: 'cancels the order', weight: 5, visit: cancelsOrder },
  { name: 'is refunded', weight: 4, visit: isRefunded },
  { name: 'resets the password', weight: 3, visit: resetsPassword },
  { name: 'looks around', weight: 10, visit: looksAround },
  { name: 'restocks', weight: 2, visit: restocks },
];
