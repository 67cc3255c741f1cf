import type { EntityManager } from '@mikro-orm/postgresql';
import type { Context } from 'koa';
import {
  claimIdempotencyKey,
  freeIdempotencyKey,
  type IdempotencyClaim,
  type IdempotencyOutcome,
} from '../domain/idempotency/index.js';
import { DomainError } from '../domain/kernel/errors.js';
import { callerKey, type Caller } from '../domain/users/types.js';
import type { Endpoint } from './endpoint.js';

const HEADER = 'Idempotency-Key';
const KEY = /^[\x21-\x7e]{1,255}$/;

/** @throws DomainError `bad_request` when the endpoint needs a key and none, or a malformed one, was sent */
export function readIdempotencyKey(ctx: Context, { idempotency }: Endpoint): string | null {
  if (idempotency === undefined) return null;
  const key = ctx.get(HEADER);
  if (key === '' && idempotency !== 'required') return null;
  if (KEY.test(key)) return key;
  const message = key === '' ? 'is required here' : 'must be 1 to 255 visible ASCII characters';
  throw new DomainError('bad_request', `the ${HEADER} header ${message}`, {}, [{ field: HEADER, message }]);
}

export interface Claim {
  readonly make: (em: EntityManager, resourceId: string, scope?: string) => Promise<IdempotencyOutcome>;
  readonly free: (em: EntityManager) => Promise<void>;
  readonly made: () => boolean;
  readonly replayed: () => boolean;
}

/** The claim of one request; the transaction it is made in may run more than once. */
export function createClaim({
  caller,
  key,
  operation,
  bodyHash,
}: {
  readonly caller: Caller;
  readonly key: string | null;
  readonly operation: string;
  readonly bodyHash: string;
}): Claim {
  let outcome: IdempotencyOutcome | null = null;
  let claimed: Pick<IdempotencyClaim, 'caller' | 'key' | 'resourceId'> | null = null;
  return {
    async make(em, resourceId, scope) {
      // Strangers who have no token yet must not share their keys.
      const nobody = scope === undefined && caller.kind === 'guest' && caller.cartToken === null;
      if (key === null || nobody) return (outcome = { resourceId, replayed: false });
      const wanted = { caller: scope ?? callerKey(caller), key, operation, bodyHash, resourceId };
      outcome = await claimIdempotencyKey(em, wanted);
      claimed = { ...wanted, resourceId: outcome.resourceId };
      return outcome;
    },
    async free(em) {
      if (claimed !== null) await freeIdempotencyKey(em, claimed);
    },
    made: () => outcome !== null,
    replayed: () => outcome?.replayed === true,
  };
}
