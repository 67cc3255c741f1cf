import { createHash } from 'node:crypto';
import { stockBySku } from '../../../src/domain/catalogue/stock-rule.js';

const skus = Array.from({ length: 5_000 }, (_, index) => `IC-${index}`);

test('stockBySku, for the same SKU, is always the same', () => {
  expect(skus.map(stockBySku)).toEqual(skus.map(stockBySku));
});

test('stockBySku, over many SKUs, stays within 0 and 100 and sells out about one in ten', () => {
  const stock = skus.map(stockBySku);
  expect(Math.min(...stock)).toBe(0);
  expect(Math.max(...stock)).toBe(100);
  const out = stock.filter((each) => each === 0).length;
  expect(out).toBeGreaterThan(400);
  expect(out).toBeLessThan(600);
});

test('stockBySku, for a SKU, follows the rule of its hash', () => {
  const n = Number.parseInt(createHash('sha256').update('IC-1399').digest('hex').slice(0, 8), 16);
  expect(stockBySku('IC-1399')).toBe(n % 10 === 0 ? 0 : 1 + (Math.floor(n / 10) % 100));
});
