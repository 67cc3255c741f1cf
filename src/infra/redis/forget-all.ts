import type { Redis } from 'ioredis';

/** Forgets all that is kept under a prefix; answers how many keys. @throws when Redis does not answer */
export async function forgetAll({
  redis,
  prefix,
}: {
  readonly redis: Redis;
  readonly prefix: string;
}): Promise<number> {
  // A glob's own characters in the prefix stand for themselves.
  const match = `${prefix.replaceAll(/[\\*?[\]]/g, '\\$&')}*`;
  let forgotten = 0;
  for (let cursor = '0'; ;) {
    const [next, keys] = await redis.scan(cursor, 'MATCH', match, 'COUNT', 500);
    if (keys.length > 0) forgotten += await redis.unlink(keys);
    if (next === '0') return forgotten;
    cursor = next;
  }
}
