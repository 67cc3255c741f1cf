export {
  claimIdempotencyKey,
  freeIdempotencyKey,
  keyScope,
  type IdempotencyClaim,
  type IdempotencyOutcome,
} from './claim-key.js';
export { hashBody } from './body-hash.js';
export { sweepIdempotencyKeys } from './sweep-keys.js';
