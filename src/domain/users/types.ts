/** Who makes a request. */
export type Caller =
  | { readonly kind: 'guest'; /** From X-Cart-Token; null where none was sent. */ readonly cartToken: string | null }
  | {
      readonly kind: 'user';
      readonly userId: string;
      readonly sessionId: string;
      readonly tier: string | null;
      readonly vendorId: string | null;
      readonly roles: readonly string[];
      readonly permissions: ReadonlySet<string>;
      /** A guest cart may still be named by a user who just logged in. */
      readonly cartToken: string | null;
    };

/** The key under which a caller's idempotency keys and holds are counted; reveals nothing personal. */
export const callerKey = (caller: Caller): string =>
  caller.kind === 'user' ? `user:${caller.userId}` : `cart:${caller.cartToken ?? 'none'}`;
