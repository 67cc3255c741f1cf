import fc from 'fast-check';
import { createRandom, seedOf } from '../../../bench/chaos/random.js';

const draw = (seed: number, count: number): number[] => {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => random.next());
};

test('random numbers, of the same seed, are the same, and of another seed are others', () => {
  expect(draw(7, 20)).toEqual(draw(7, 20));
  expect(draw(7, 20)).not.toEqual(draw(8, 20));
});

test('random numbers, of any seed, are from 0 and below 1', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      for (const value of draw(seed, 50)) expect(value >= 0 && value < 1).toBe(true);
    }),
  );
});

test('a whole number between two, drawn often, takes every value of them and no other', () => {
  const random = createRandom(3);
  const drawn = new Set(Array.from({ length: 500 }, () => random.between(2, 5)));
  expect([...drawn].toSorted((a, b) => a - b)).toEqual([2, 3, 4, 5]);
});

test('a weighted choice, drawn often, comes near the weights and never takes what weighs nothing', () => {
  const random = createRandom(11);
  const options = [
    { name: 'often', weight: 3 },
    { name: 'never', weight: 0 },
    { name: 'seldom', weight: 1 },
  ];
  const counts: Record<string, number> = { often: 0, never: 0, seldom: 0 };
  for (let index = 0; index < 4_000; index += 1) {
    const { name } = random.pickWeighted(options);
    counts[name] = (counts[name] ?? 0) + 1;
  }
  expect(counts['never']).toBe(0);
  expect(counts['often']! / counts['seldom']!).toBeGreaterThan(2.5);
  expect(counts['often']! / counts['seldom']!).toBeLessThan(3.5);
});

test('a choice, of nothing, is refused', () => {
  expect(() => createRandom(1).pick([])).toThrow('nothing to choose from');
});

test('seeds of many, of one seed, differ from each other', () => {
  const seeds = new Set(Array.from({ length: 1_000 }, (_, shopper) => seedOf(42, shopper, 0)));
  expect(seeds.size).toBe(1_000);
});
