import { loadTemporalConfig } from '../../../src/config.js';

const env = { TEMPORAL_ADDRESS: '127.0.0.1:7233' };

test('patches that sleep, when the flows know them, are read from the environment', () => {
  const { dormantPatches } = loadTemporalConfig({}, { ...env, DORMANT_PATCHES: 'orders-swept, swept-in-lots' });
  expect(dormantPatches).toEqual(['orders-swept', 'swept-in-lots']);
  expect(loadTemporalConfig({}, env).dormantPatches).toEqual([]);
});

test('a patch that sleeps, when no flow knows it, stops the start without being printed', () => {
  expect(() => loadTemporalConfig({}, { ...env, DORMANT_PATCHES: 'orders-swept,orders-swpt' })).toThrow(
    'bad configuration: DORMANT_PATCHES.1: must name patches that the flows know',
  );
});

test('what is said on the command line comes before the environment', () => {
  const { address, namespace } = loadTemporalConfig({ TEMPORAL_NAMESPACE: 'shop', TEMPORAL_ADDRESS: undefined }, env);
  expect([address, namespace]).toEqual(['127.0.0.1:7233', 'shop']);
});
