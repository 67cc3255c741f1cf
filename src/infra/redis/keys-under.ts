import type { Redis } from 'ioredis';

/** All keys under a prefix, some at a time; one may come twice. @throws when Redis does not answer */
export async function* keysUnder({
  redis,
  prefix,
}: {
  readonly redis: Redis;
  readonly prefix: string;
}): AsyncGenerator<string[]> {
  // A glob's own characters in the prefix stand for themselves.
  const match = `${prefix.replaceAll(/[\\*?[\]]/g, '\\$&')}*`;
  for (let cursor = '0'; ;) {
    const [next, keys] = await redis.scan(cursor, 'MATCH', match, 'COUNT', 500);
    if (keys.length > 0) yield keys;
    if (next === '0') return;
    cursor = next;
  }
}
