import type { Redis } from 'ioredis';
import { keysUnder } from './keys-under.js';

/** Forgets all that is kept under a prefix; answers how many keys. @throws when Redis does not answer */
export async function forgetAll({
  redis,
  prefix,
}: {
  readonly redis: Redis;
  readonly prefix: string;
}): Promise<number> {
  let forgotten = 0;
  for await (const keys of keysUnder({ redis, prefix })) forgotten += await redis.unlink(keys);
  return forgotten;
}
