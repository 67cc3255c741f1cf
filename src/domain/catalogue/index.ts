export { batches, halves, type Batch } from './batches.js';
export { importBatch, type BatchEntry, type ImportBatch } from './import-batch.js';
export { parseLine, refused, type ImportLine, type ImportVariant } from './import-line.js';
export { closeImport, findImport, importSource, listRefusals, requestImport, resumeImport } from './imports.js';
export type * from './ports.js';
export { stockBySku } from './stock-rule.js';
export * from './types.js';
