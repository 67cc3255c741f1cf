import type { Config } from '../config.js';
import type { CartCache } from '../domain/cart/index.js';
import type { Cipher } from '../domain/kernel/cipher.js';
import type { Clock } from '../domain/kernel/clock.js';
import type { Log } from '../domain/kernel/log.js';
import type { RateLimiter } from '../domain/kernel/rate-limit.js';
import type { Query, Transact } from '../domain/kernel/transact.js';
import type { PaymentGateway } from '../domain/payments/ports.js';
import type { Search } from '../domain/search/index.js';
import type { AccessTokens, PasswordHasher, SecretTokens, SessionCache } from '../domain/users/index.js';
import type { FlowDesk, Flows } from '../workflows/contracts.js';
import type { HealthProbe, MetricsText, WatchRequest } from './ports.js';

/** All that requests are answered with; wired in `bin/api` and by tests. */
export interface ApiDeps {
  readonly config: Pick<Config, 'environment' | 'http' | 'shop' | 'checkout' | 'auth' | 'temporal'>;
  readonly transact: Transact;
  readonly query: Query;
  readonly cipher: Cipher;
  readonly flows: Flows;
  readonly flowDesk: FlowDesk;
  readonly passwords: PasswordHasher;
  readonly accessTokens: AccessTokens;
  readonly secretTokens: SecretTokens;
  readonly sessionCache: SessionCache;
  readonly cartCache: CartCache;
  readonly rateLimiter: RateLimiter;
  readonly search: Search;
  /** By provider: what a checkout may pay with. */
  readonly gateways: ReadonlyMap<string, PaymentGateway>;
  readonly probes: readonly HealthProbe[];
  readonly log: Log;
  readonly now: Clock;
  /** Who stands around every request, outermost first. */
  readonly watch?: readonly WatchRequest[];
  /** Told at `/metrics` to who sends the token; absent: nothing is there. */
  readonly metrics?: { readonly source: MetricsText; readonly token: string };
  /** Milliseconds until a request is given up. */
  readonly requestTimeoutMs?: number;
  /** Bytes an uploaded import may have. */
  readonly largestUpload?: number;
}
