/** A whole cart's stock, held for a few minutes before payment. */
export interface Hold {
  readonly id: string;
  readonly cartId: string;
  readonly userId: string | null;
  readonly state: 'live' | 'released' | 'expired' | 'handed_over';
  readonly expiresAt: string;
  /** By database time. Milliseconds; negative when it is over. */
  readonly remainingMs: number;
  readonly extended: boolean;
}
