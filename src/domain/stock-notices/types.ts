/** What somebody waits for, as its owner sees it. */
export interface StockNotice {
  readonly id: string;
  readonly variantId: string;
  readonly sku: string;
  readonly title: string;
  /** ISO 8601. */
  readonly askedAt: string;
}

/** `undeliverable`: the address takes no mail. Only an open one knows who asked. */
export type ClosedState = 'told' | 'undeliverable' | 'withdrawn' | 'expired';

/** Who waits for a variant, in the order they asked, and how many can be bought now: 0 while it is not on sale. */
export interface Waiting {
  readonly available: number;
  readonly noticeIds: readonly string[];
}

/** How telling one of them ended. `sold_out`: nothing was said, and they go on waiting. */
export type NoticeOutcome = 'sent' | 'skipped' | 'failed' | 'sold_out';
