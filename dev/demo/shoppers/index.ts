import { abandoner } from './abandoner.js';
import { buyer } from './buyer.js';
import { declined } from './declined.js';
import { forgetful } from './forgetful.js';
import type { Shopper } from '../visit.js';

export const SHOPPERS: readonly Shopper[] = [buyer, declined, abandoner, forgetful];
