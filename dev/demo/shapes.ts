/** The parts of the API's answers that shoppers look at. */
export interface Money {
  /** Minor units. */
  readonly amount: number;
  readonly currency: string;
}

export interface Card {
  readonly id: string;
  readonly slug: string;
  readonly title: string;
  readonly category: { readonly slug: string; readonly path: readonly { readonly slug: string }[] };
  readonly price: Money;
  readonly in_stock: boolean;
}

export interface Variant {
  readonly id: string;
  readonly sku: string;
  readonly available: number;
  readonly price: Money;
}

export interface Product extends Card {
  readonly variants: readonly Variant[];
}

export interface SearchResult {
  readonly data: readonly Card[];
  readonly total: number;
  readonly did_you_mean: string | null;
  readonly backend: string;
}

export interface Price {
  readonly quantity: number;
  readonly unit_price: Money;
  readonly total: Money;
  readonly adjustments: readonly { readonly label: string }[];
}

export interface Cart {
  readonly status: 'open' | 'ordered';
  readonly lines: readonly {
    readonly variant_id: string;
    readonly quantity: number;
    readonly unit_price: Money;
    readonly line_total: Money;
  }[];
  readonly subtotal: Money;
  readonly order_id: string | null;
  /** While a checkout is open. */
  readonly checkout_id?: string;
  readonly cart_token?: string;
}

export interface Checkout {
  readonly checkout_id: string;
  readonly status: string;
  readonly order_id: string | null;
  readonly failure: { readonly code: string } | null;
  readonly expires_at: string | null;
  readonly steps: readonly { readonly step: string }[];
  readonly client_secret?: string;
  readonly order_token: string;
}

export interface Order {
  readonly id: string;
  readonly number: string;
  readonly status: string;
  readonly items: readonly { readonly variant_id: string; readonly quantity: number; readonly line_total: Money }[];
  readonly subtotal: Money;
  readonly discount_total: Money;
  readonly shipping_total: Money;
  readonly tax_total: Money;
  readonly total: Money;
  readonly prices_include_tax: boolean;
  readonly is_paid: boolean;
  readonly order_token?: string;
}

export interface User {
  readonly id: string;
  readonly email: string;
}

export interface Refusal {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly data?: { readonly checkout_id?: string };
  };
}

/** In words, for the timeline. */
export const inWords = ({ amount, currency }: Money): string => `${(amount / 100).toFixed(2)} ${currency}`;
