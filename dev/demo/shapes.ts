import type { Schema } from '../../client/index.js';
import type { AnswerAt } from './answers.js';

export type Money = Schema<'Money'>;
export type Card = Schema<'ProductCard'>;
export type Product = Schema<'Product'>;
export type Variant = Product['variants'][number];
export type Cart = Schema<'Cart'>;
export type Checkout = Schema<'Checkout'>;
export type Order = Schema<'Order'>;
export type User = AnswerAt<201, 'POST', '/auth/register'>;

/** In words, for the timeline. */
export const inWords = ({ amount, currency }: Money): string => `${(amount / 100).toFixed(2)} ${currency}`;
