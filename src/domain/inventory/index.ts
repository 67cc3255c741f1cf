export { readStockAlert, setLowStock, type LowVariant } from './alert-low-stock.js';
export { adjustStock } from './adjust-stock.js';
export { releaseRows, releaseStock, restock, sellReserved } from './end-reservation.js';
export { importStock, type ImportedStock } from './import-stock.js';
export { bookMissingMovement, countReservedAgain } from './mend-counters.js';
export { listMovements, listStock, readStock, type StockMovement, type StockRecord } from './read-stock.js';
export { extendReservation, reserveStock } from './reserve-stock.js';
export { available, byVariant, isLow, MOST_ON_HAND } from './stock.js';
export type * from './types.js';
