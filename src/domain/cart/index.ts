export { addItem, MOST_OF_ONE, type AddedItem, type AddItem } from './add-item.js';
export { clearCart, removeLine, setQuantity, type CartEdit } from './change-lines.js';
export { hashCartToken } from './cart-token.js';
export { noCart } from './content.js';
export { mergeCarts } from './merge-carts.js';
export type { CachedContent, CartCache } from './ports.js';
export { readCart, showCart, type CartReaderDeps, type ChangedCart } from './read-cart.js';
export { findCart } from './store.js';
export type { Cart, CartContent, CartLine, CartProblem, CartRow } from './types.js';
