export { carryOut, need, noteFailure, noteMended } from './carry-out.js';
export { askAgain, decideDifference, type Decision } from './decide.js';
export { lookAtEvents } from './look-at-events.js';
export { findUnknownToProvider, lookAtPayments } from './look-at-payments.js';
export { lookAtSearch } from './look-at-search.js';
export { lookAtStock, type Looked } from './look-at-stock.js';
export { listDifferences, listReconciliations, readDifference, readReconciliation } from './read-report.js';
export {
  beginReconciliation,
  closeUnseen,
  endReconciliation,
  findMoneySince,
  findOpen,
  noteSightings,
} from './store.js';
export * from './types.js';
