export {
  changeCategory,
  createCategory,
  deleteCategory,
  readCategory,
  type CategoryRecord,
  type NewCategory,
} from './categories.js';
export { type Editor } from './guards.js';
export { changeProduct, createProduct, deleteProduct, type NewProduct, type ProductFields } from './products.js';
export { listProductRecords, readProduct, readVariant, type ProductRecord, type VariantRecord } from './reads.js';
export { PRODUCT_STATUSES, type ProductStatus } from './status.js';
export { addVariant, changeVariant, deleteVariant, setOptions, type VariantFields } from './variants.js';
