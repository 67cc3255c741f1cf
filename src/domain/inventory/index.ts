export { adjustStock } from './adjust-stock.js';
export { releaseStock, restock, sellReserved } from './end-reservation.js';
export { importStock, type ImportedStock } from './import-stock.js';
export { extendReservation, reserveStock } from './reserve-stock.js';
export { byVariant } from './stock.js';
export type * from './types.js';
