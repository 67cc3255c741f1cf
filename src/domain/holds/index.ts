export { endOverdueHolds, releaseOwnerless, type Lot } from './end-overdue.js';
export { endHold, extendHold, findOverdueHolds, holdCart, markWarned, readHold, releaseHold } from './hold-cart.js';
export type * from './types.js';
