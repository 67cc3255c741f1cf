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
      /** Those of the permissions that hold for everybody's things: the role `vendor` gives them for one's own. */
      readonly shopPermissions: ReadonlySet<string>;
      /** A guest cart may still be named by a user who just logged in. */
      readonly cartToken: string | null;
    };

/** The key under which a caller's idempotency keys and holds are counted; reveals nothing personal. */
export const callerKey = (caller: Caller): string =>
  caller.kind === 'user' ? `user:${caller.userId}` : `cart:${caller.cartToken ?? 'none'}`;

/** What a live session stands for, read anew for every request or from a cache of seconds. */
export interface SessionAuthority {
  readonly userId: string;
  readonly tier: string | null;
  readonly vendorId: string | null;
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
  /** The permissions that come from another role than `vendor`. */
  readonly shopPermissions: readonly string[];
  /** ISO 8601. */
  readonly expiresAt: string;
}

/** A user as its owner and administrators see it. */
export interface Account {
  readonly id: string;
  readonly email: string;
  readonly username: string;
  readonly firstName: string | null;
  readonly lastName: string | null;
  /** E.164. */
  readonly phone: string | null;
  readonly emailVerified: boolean;
  readonly disabled: boolean;
  readonly roles: readonly string[];
  readonly tier: string | null;
  readonly vendorId: string | null;
  readonly createdAt: string;
}

export interface SessionSummary {
  readonly id: string;
  readonly userAgent: string;
  readonly createdAt: string;
  readonly lastUsedAt: string;
  readonly expiresAt: string;
}

/** Where things are sent. Stored sealed, but for its country. */
export interface Address {
  readonly name: string;
  readonly line1: string;
  readonly line2?: string | undefined;
  readonly city: string;
  readonly region?: string | undefined;
  readonly postalCode: string;
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
}

export interface SavedAddress extends Address {
  readonly id: string;
  readonly label: string;
  readonly isDefault: boolean;
  readonly createdAt: string;
}

/** How the flow `password-reset` ended. */
export type PasswordResetOutcome = 'sent' | 'unknown_address' | 'undeliverable' | 'superseded' | 'expired';
/** How the flow `confirm-email` ended. */
export type EmailConfirmationOutcome = 'sent' | 'undeliverable' | 'superseded';
