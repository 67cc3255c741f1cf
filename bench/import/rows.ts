import { once } from 'node:events';
import { createWriteStream } from 'node:fs';

const SHELVES = ['Keyboards', 'Mice', 'Monitors', 'Printers', 'Cables', 'Docking stations', 'Headsets', 'Paper'];
const ROOMS = ['Office', 'Home', 'Studio', 'School', 'Workshop'];
const BRANDS = ['Acme', 'Borealis', 'Cobalt', 'Duna', 'Ember', 'Fathom', 'Gable', 'Harrow', 'Ibis', 'Juniper'];
const WORDS =
  'quiet sturdy compact wireless slim matte glossy ergonomic durable foldable bright precise silent portable modular warm light dense clear swift'.split(
    ' ',
  );
const PROPERTIES = 22;
const DESCRIPTION_WORDS = 40;

/** Writes a catalogue of so many rows, always the same, each about as long as one of a real shop. */
export async function writeRows(path: string, rows: number): Promise<void> {
  const file = createWriteStream(path);
  for (let index = 0; index < rows; index += 1)
    if (!file.write(`${JSON.stringify(row(index))}\n`)) await once(file, 'drain');
  file.end();
  await once(file, 'finish');
}

function row(index: number): object {
  const random = numbers(index);
  const pick = (from: readonly string[]): string => from[random(from.length)] ?? '';
  const words = (count: number): string => Array.from({ length: count }, () => pick(WORDS)).join(' ');
  const [brand, shelf] = [pick(BRANDS), pick(SHELVES)];
  return {
    sku: `BENCH-${index}`,
    mpn: `M${index}`,
    title: `${brand} ${words(3)} ${shelf} ${index}`,
    brand,
    description: words(DESCRIPTION_WORDS),
    category: ['Bench', pick(ROOMS), shelf],
    price_cents: 100 + random(200_000),
    currency: 'USD',
    ean: [String(10_000_000 + index)],
    image_url: `https://images.example.com/${index}.jpg`,
    attributes: Object.fromEntries(
      Array.from({ length: PROPERTIES }, (_, each) => [
        `${WORDS[each % WORDS.length]} property ${each}`,
        each % 2 === 0 ? random(10_000) : words(2),
      ]),
    ),
  };
}

/** The same numbers for the same seed; each below `limit`. */
function numbers(seed: number): (limit: number) => number {
  let state = Math.imul(seed + 1, 0x9e3779b1) >>> 0;
  return (limit) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x297a2d39) >>> 0;
    return (state >>> 8) % limit;
  };
}
