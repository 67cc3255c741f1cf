import fc from 'fast-check';
import { FAULT_KINDS } from '../../../bench/chaos/contracts.js';
import { isAlone, planFaults } from '../../../bench/chaos/schedule.js';

const seeds = fc.nat(2 ** 31);
const minutes = fc.integer({ min: 1, max: 60 });
const someKinds = fc.subarray([...FAULT_KINDS]);

test('plan of faults, for the same seed, minutes and kinds, is the same', () => {
  fc.assert(
    fc.property(seeds, minutes, someKinds, (seed, long, kinds) => {
      expect(planFaults(seed, long, kinds)).toEqual(planFaults(seed, long, kinds));
    }),
  );
});

test('plan of faults, for another seed, is another', () => {
  expect(planFaults(1, 20).faults).not.toEqual(planFaults(2, 20).faults);
});

test('plan of faults, whatever is asked for, ends before the calm and has only what was asked for', () => {
  fc.assert(
    fc.property(seeds, minutes, someKinds, (seed, long, kinds) => {
      const { faults, calmAtMs, endMs } = planFaults(seed, long, kinds);
      expect(endMs).toBe(long * 60_000);
      expect(calmAtMs).toBeLessThan(endMs);
      for (const { kind, atMs, forMs } of faults) {
        expect(kinds).toContain(kind);
        expect(atMs).toBeGreaterThan(0);
        expect(atMs + forMs).toBeLessThan(calmAtMs);
      }
    }),
  );
});

test('plan of faults, whatever is asked for, hurts nothing twice at once, and nothing beside what hurts everything', () => {
  fc.assert(
    fc.property(seeds, minutes, someKinds, (seed, long, kinds) => {
      const { faults } = planFaults(seed, long, kinds);
      const clashes = faults.flatMap((one, index) =>
        faults
          .slice(index + 1)
          .filter((other) => one.target === other.target || isAlone(one.kind) || isAlone(other.kind))
          .filter((other) => other.atMs <= one.atMs + one.forMs),
      );
      expect(clashes).toEqual([]);
    }),
  );
});

test('plan of faults, for twenty minutes, has every kind', () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const planned = new Set(planFaults(seed, 20).faults.map(({ kind }) => kind));
      expect(FAULT_KINDS.filter((kind) => !planned.has(kind))).toEqual([]);
    }),
  );
});

test('plan of faults, for three minutes, kills what matters, freezes, and troubles the provider', () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const planned: readonly string[] = planFaults(seed, 3).faults.map(({ kind }) => kind);
      const dead = ['api', 'worker', 'postgres', 'redis', 'temporal', 'stripe'].map((name) => `kill-${name}`);
      expect(planned).toEqual(expect.arrayContaining([...dead, 'webhooks-lost']));
      expect(planned.some((kind) => kind.startsWith('freeze-'))).toBe(true);
      expect(planned.some((kind) => kind.startsWith('provider-'))).toBe(true);
    }),
  );
});

test('plan of faults, for no kinds, is calm', () => {
  expect(planFaults(1, 3, []).faults).toEqual([]);
});
