import { Writable } from 'node:stream';
import { createLimitGuesses, type LimitGuesses } from '../../../src/api/limit-guesses.js';
import { newId } from '../../../src/domain/kernel/ids.js';
import { createLog } from '../../../src/infra/log/json-log.js';
import { connectRedis } from '../../../src/infra/redis/client.js';
import { createRateLimiter } from '../../../src/infra/redis/rate-limiter.js';
import { serviceUrl } from '../../support/services.js';

const log = createLog({
  service: 'api',
  level: 'error',
  destination: new Writable({ write: (_, __, done) => done() }),
});
const redis = connectRedis({ url: serviceUrl('redis'), log });
const prefix = `test:${newId()}:`;
const limitGuesses = createLimitGuesses({ limiter: createRateLimiter({ redis, prefix, log }), on: true });
beforeAll(async () => {
  if (redis.status !== 'ready') await new Promise((resolve) => redis.once('ready', resolve));
});
afterAll(() => redis.disconnect());

const limited = expect.objectContaining({ code: 'rate_limited' }) as Error;

async function guessWrong(account: string, address: string, times: number, limit: LimitGuesses = limitGuesses) {
  for (let guess = 0; guess < times; guess += 1) await limit('password', account, address);
}

test('limitGuesses, after 30 wrong passwords from one address, refuses that address and not the owner at another', async () => {
  const account = newId();
  await guessWrong(account, '203.0.113.1', 30);
  await expect(limitGuesses('password', account, '203.0.113.1')).rejects.toThrow(limited);
  await expect(limitGuesses('password', account, '203.0.113.2')).resolves.toBeDefined();
});

test('limitGuesses, after many right passwords, refuses nobody', async () => {
  const account = newId();
  for (let login = 0; login < 40; login += 1) {
    const guess = await limitGuesses('password', account, '203.0.113.1');
    await guess.right();
  }
  await guessWrong(account, '203.0.113.1', 30);
  await expect(limitGuesses('password', account, '203.0.113.1')).rejects.toThrow(limited);
});

test('limitGuesses, after 1,000 wrong passwords from many addresses, refuses every address for that account', async () => {
  const account = newId();
  let tries = 0;
  const since = performance.now();
  const most = () => 1_000 + Math.floor((performance.now() - since) / 900);
  // No address comes near its own limit; a slow machine earns the account a try a second back.
  const guessOn = async (): Promise<void> => {
    for (; tries < 2_000; tries += 1) await limitGuesses('password', account, `a${Math.floor(tries / 25)}`);
  };
  await expect(guessOn()).rejects.toThrow(limited);
  expect(tries).toBeGreaterThanOrEqual(1_000);
  expect(tries).toBeLessThanOrEqual(most());
  const strangers = Array.from({ length: 20 }, (_, n) => limitGuesses('password', account, `203.0.113.${n}`));
  const refused = (await Promise.allSettled(strangers)).filter(({ status }) => status === 'rejected');
  expect(refused).toEqual(refused.map(() => ({ status: 'rejected', reason: limited })));
  expect(refused.length).toBeGreaterThan(0);
  expect(tries + strangers.length - refused.length).toBeLessThanOrEqual(most());
  await expect(limitGuesses('password', newId(), '203.0.113.9')).resolves.toBeDefined();
});

test('limitGuesses, after 5 mails asked for from one address, refuses that address and not the owner at another, who has 20 from all', async () => {
  const account = newId();
  const mail = (address: string) => limitGuesses('mail', account, address);
  for (let mails = 0; mails < 5; mails += 1) await mail('203.0.113.1');
  await expect(mail('203.0.113.1')).rejects.toThrow(limited);
  for (let mails = 5; mails < 20; mails += 1) await mail(`198.51.100.${mails}`);
  await expect(mail('203.0.113.2')).rejects.toThrow(limited);
});

test('limitGuesses, while Redis is away, goes on counting in this process', async () => {
  const away = connectRedis({ url: 'redis://127.0.0.1:1', log });
  const alone = createLimitGuesses({ limiter: createRateLimiter({ redis: away, prefix, log }), on: true });
  const account = newId();
  for (let login = 0; login < 40; login += 1) await (await alone('password', account, '203.0.113.1')).right();
  await guessWrong(account, '203.0.113.1', 30, alone);
  await expect(alone('password', account, '203.0.113.1')).rejects.toThrow(limited);
  for (let mails = 0; mails < 5; mails += 1) await alone('mail', account, '203.0.113.1');
  await expect(alone('mail', account, '203.0.113.1')).rejects.toThrow(limited);
  away.disconnect();
});
