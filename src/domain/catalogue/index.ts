export * from './administration/index.js';
export { batches, halves, type Batch } from './batches.js';
export { findCards, IN_STOCK } from './cards.js';
export { categoryNames, findCategory, listCategories } from './category-reads.js';
export { findProduct, variantAvailability } from './find-product.js';
export { importBatch, type BatchEntry, type ImportBatch } from './import-batch.js';
export { refused } from './import-line.js';
export {
  cancelImport,
  closeImport,
  countCatalogue,
  findImport,
  findOpenImports,
  importFile,
  listImports,
  listRefusals,
  readImport,
  requestImport,
  resumeImport,
} from './imports.js';
export { listProducts } from './list-products.js';
export type * from './ports.js';
export { readEntries } from './read-entries.js';
export { acceptUpload, addPiece, dropUpload, openUpload, readPiece, sweepUploads } from './receive-import.js';
export { stockBySku } from './stock-rule.js';
export * from './types.js';
export { MOST_VARIANTS, type OptionChoice } from './generate-variants.js';
