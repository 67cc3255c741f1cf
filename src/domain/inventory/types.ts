export interface StockLevel {
  readonly variantId: string;
  readonly onHand: number;
  readonly reserved: number;
  /** At or below so many available ones it is low; null or absent: nobody wants to know. */
  readonly lowAt?: number | null;
}

/** A level before and after a change. */
export interface StockChange {
  readonly before: StockLevel;
  readonly after: StockLevel;
}

export interface StockLine {
  readonly variantId: string;
  readonly quantity: number;
}

/** Who holds reserved stock: a checkout, or a cart held before payment. */
export type ReservationOwner = { readonly checkoutId: string } | { readonly holdId: string };

/** How reservation rows end. `handed_over`: a hold's rows became a checkout's. */
export type ReservationEnd = 'placed' | 'released' | 'expired' | 'handed_over';

export type MovementReason = 'import' | 'adjustment' | 'sale' | 'restock';
