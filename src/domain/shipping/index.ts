export {
  addMethod,
  changeMethod,
  listAllMethods,
  readMethod,
  removeMethod,
  type SavedMethod,
} from './change-methods.js';
export { chooseMethod, offeredMethods } from './choose-method.js';
export { listShippingMethods, toShippingMethod, type ShippingMethodRow } from './store.js';
export type { ShippingMethod } from './types.js';
