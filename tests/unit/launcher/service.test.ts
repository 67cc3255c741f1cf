import { createConsole } from '../../../dev/launcher/console.js';
import { resolveService, waysFor, type Found, type Service } from '../../../dev/launcher/service.js';

const found: Found = { from: 'here', version: '1', address: 'localhost:1', env: {} };
const silent = createConsole(() => undefined);

const service = (ways: Service['ways']): Service => ({
  name: 'redis',
  variable: 'REDIS_URL',
  advice: 'install Redis',
  ways,
});
const all = service({
  environment: async () => found,
  local: async () => found,
  docker: async () => found,
  build: async () => found,
});
const resolve = (of: Service, env = {}): ReturnType<typeof resolveService> =>
  resolveService(of, waysFor(of, env), { env } as unknown as Parameters<typeof resolveService>[2], silent);

describe('ways', () => {
  test('with nothing set, are local, Docker and a build, in this order', () => {
    expect(waysFor(all, {})).toEqual(['local', 'docker', 'build']);
  });

  test('with its variable set, are the environment first', () => {
    expect(waysFor(all, { REDIS_URL: 'redis://elsewhere' })).toEqual(['environment', 'local', 'docker', 'build']);
  });

  test('with a way forced on all that this service does not have, are its own', () => {
    expect(waysFor(service({ local: async () => found }), { PERDURE_SERVICES: 'docker' })).toEqual(['local']);
  });

  test('with PERDURE_SERVICES naming this service and a way for all, are its own', () => {
    expect(waysFor(all, { PERDURE_SERVICES: 'docker,redis=build' })).toEqual(['build']);
    expect(waysFor({ ...all, name: 'mail' }, { PERDURE_SERVICES: 'docker,redis=build' })).toEqual(['docker']);
  });

  test('with PERDURE_SERVICES naming no way, are refused', () => {
    expect(() => waysFor(all, { PERDURE_SERVICES: 'podman' })).toThrow('PERDURE_SERVICES takes');
  });
});

describe('a service', () => {
  test('whose first way fails, is taken from the next', async () => {
    const broken = service({ local: () => Promise.reject(new Error('no such program')), docker: async () => found });
    await expect(resolve(broken)).resolves.toEqual({ name: 'redis', found });
  });

  test('that is to come from the environment, when its variable is not set, says so', async () => {
    await expect(resolve(all, { PERDURE_SERVICES: 'environment' })).resolves.toEqual({
      name: 'redis',
      reason: 'redis cannot be had (REDIS_URL is not set): install Redis',
    });
  });

  test('that cannot be had, answers in one sentence why and what to do', async () => {
    const broken = service({ local: () => Promise.reject(new Error('no such program\nwith details')) });
    await expect(resolve(broken)).resolves.toEqual({
      name: 'redis',
      reason: 'redis cannot be had (no such program): install Redis',
    });
  });
});
