import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

/** Search attributes of the namespace: operators filter by them. Registered by whoever starts a worker. */
export const ORDER_ID = defineSearchAttributeKey('OrderId', SearchAttributeType.KEYWORD);
export const CUSTOMER_ID = defineSearchAttributeKey('CustomerId', SearchAttributeType.KEYWORD);
export const CHECKOUT_STATUS = defineSearchAttributeKey('CheckoutStatus', SearchAttributeType.KEYWORD);
export const NEEDS_ATTENTION = defineSearchAttributeKey('NeedsAttention', SearchAttributeType.BOOL);

export const SEARCH_ATTRIBUTES = [ORDER_ID, CUSTOMER_ID, CHECKOUT_STATUS, NEEDS_ATTENTION] as const;
