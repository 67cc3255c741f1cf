import { planOf } from '../../../bench/chaos/crowd.js';
import { createRandom } from '../../../bench/chaos/random.js';
import { HABITS } from '../../../bench/chaos/shoppers/habits.js';
import { shelfOf } from '../../../bench/chaos/shoppers/shelf.js';

const planned = (seed: number): string[] =>
  Array.from({ length: 200 }, (_, index) => planOf(seed, index % 20, Math.floor(index / 20)).habit.name);

test('the plan of a crowd, of the same seed, is the same, and of another seed another', () => {
  expect(planned(1)).toEqual(planned(1));
  expect(planned(1)).not.toEqual(planned(2));
});

test('the plan of a crowd, of some hundred visits, has every habit in it', () => {
  const names = new Set(Array.from({ length: 5 }, (_, seed) => planned(seed)).flat());
  expect(HABITS.filter(({ name }) => !names.has(name))).toEqual([]);
});

test('a visit, of one shopper, draws its own numbers whatever the visits before drew', () => {
  const { random } = planOf(3, 4, 5);
  const numbers = [random.next(), random.next()];
  planOf(3, 4, 4).random.next();
  const again = planOf(3, 4, 5).random;
  expect([again.next(), again.next()]).toEqual(numbers);
});

test('a shelf, picked from often, gives out all of it and what stands in front most often', () => {
  const goods = Array.from({ length: 10 }, (_, index) => ({ slug: `s${index}`, variantId: `v${index}` }));
  const shelf = shelfOf(goods);
  const random = createRandom(1);
  const counts = new Map<string, number>();
  for (let index = 0; index < 2_000; index += 1) {
    const { slug } = shelf.pick(random);
    counts.set(slug, (counts.get(slug) ?? 0) + 1);
  }
  expect(counts.size).toBe(10);
  expect(counts.get('s0')!).toBeGreaterThan(3 * counts.get('s9')!);
});
