import type { Told } from '../../../src/domain/notifications/templates/order.js';
import { formatMoney } from '../../../src/domain/notifications/templates/format-money.js';
import { escapeMarkup, inert, layout, orderMail, orderText } from '../../../src/domain/notifications/index.js';
import { holdWarningMail } from '../../../src/domain/notifications/index.js';

const usd = (amount: number) => ({ amount, currency: 'USD' });

const order: Told = {
  number: 'P-7K3M9Q',
  lines: [
    {
      id: 'l1',
      variantId: 'v1',
      productId: 'p1',
      sku: 'CAM-1',
      title: 'Camera <b>Pro</b> & "bag"',
      quantity: 2,
      unitPrice: usd(61_725),
      lineTotal: usd(123_450),
      discount: usd(0),
      tax: usd(0),
      adjustments: [],
    },
  ],
  subtotal: usd(123_450),
  discountTotal: usd(12_345),
  shippingTotal: usd(499),
  taxTotal: usd(21_110),
  total: usd(132_714),
  pricesIncludeTax: false,
  shippingAddress: {
    name: 'Ada <script>alert(1)</script>',
    line1: '1 Main St\r\nTotal: $0.00',
    city: 'London',
    postal_code: 'N1 9GU',
    country: 'GB',
  },
};

test('the confirmation mail, when titles and names hold markup, shows it as text', () => {
  const { html } = orderMail('order_confirmed', order);
  expect(html).not.toMatch(/<script|<b>/);
  expect(html).toContain('Camera &#60;b&#62;Pro&#60;/b&#62; &#38; &#34;bag&#34;');
  expect(html).toContain('Ada &#60;script&#62;');
});

test('the confirmation mail, when an address holds line breaks, keeps them from forging a line', () => {
  const { text } = orderMail('order_confirmed', order);
  expect(text.split('\n')).toContain('1 Main St Total: $0.00');
  expect(text.split('\n').filter((line) => line.startsWith('Total:'))).toEqual(['Total: $1,327.14']);
});

test('the confirmation mail, with a discount and net prices, lists every part of the total, in text and HTML', () => {
  const { subject, text, html } = orderMail('order_confirmed', order);
  expect(subject).toBe('Order P-7K3M9Q is confirmed');
  const table = text.split('\n').filter((line) => /^(Subtotal|Discount|Shipping|Tax|Total)/.test(line));
  expect(table).toEqual([
    'Subtotal: $1,234.50',
    'Discount: -$123.45',
    'Shipping: $4.99',
    'Tax: $211.10',
    'Total: $1,327.14',
  ]);
  for (const row of table) expect(html).toContain(`${row.slice(row.indexOf(': ') + 2)}</td>`);
  expect(text).toContain('2 x Camera <b>Pro</b> & "bag" (CAM-1): $1,234.50');
});

test('the confirmation mail, with gross prices, names the tax after the total and as part of it', () => {
  const { text } = orderMail('order_confirmed', { ...order, pricesIncludeTax: true });
  const labels = text.split('\n').map((line) => line.split(':')[0]);
  expect(labels.indexOf('Tax, included')).toBe(labels.indexOf('Total') + 1);
  expect(labels).not.toContain('Tax');
});

test('the confirmation mail, without a discount, has no line for it', () => {
  expect(orderMail('order_confirmed', { ...order, discountTotal: usd(0) }).text).not.toContain('Discount');
});

test('the cancellation mail says that no money was taken', () => {
  const { subject, text } = orderMail('order_cancelled', order);
  expect(subject).toContain('cancelled');
  expect(text).toContain('No money was taken');
});

test.each(['order_confirmed', 'order_cancelled'] as const)(
  'the SMS of %s fits one message and names order and total',
  (event) => {
    const { text } = orderText(event, { ...order, total: { amount: 132_714, currency: 'CHF' } });
    expect(text.length).toBeLessThanOrEqual(160);
    expect(text).toContain('P-7K3M9Q');
    expect(text).toContain('CHF 1,327.14');
    expect(text).not.toMatch(/[^\x20-\x7e]/);
  },
);

test.each([
  [{ amount: 5, currency: 'USD' }, '$0.05'],
  [{ amount: 1_235, currency: 'JPY' }, '¥1,235'],
  [{ amount: 1_234, currency: 'KWD' }, 'KWD 1.234'],
  [{ amount: -250, currency: 'EUR' }, '-€2.50'],
])('formatMoney, given %j, says %s', (money, said) => {
  expect(formatMoney(money)).toBe(said);
});

test('inert, given links, line breaks and marks of direction, leaves plain words', () => {
  expect(inert('see https://evil.example or WWW.evil.example')).toBe('see https: //evil.example or WWW .evil.example');
  expect(inert('a\u202eb\u2028c\td')).toBe('a b c d');
});

test('escapeMarkup, given every character with a meaning in HTML, leaves none of them', () => {
  expect(escapeMarkup(`<a href='x' title="y">\`&`)).not.toMatch(/[<>"'`]|&(?!#\d+;)/);
});

test('layout, given one of each block, says the same in text and HTML', () => {
  const { text, html } = layout({
    title: 'T',
    blocks: [
      { kind: 'paragraph', text: 'P' },
      { kind: 'lines', lines: ['L1', 'L2'] },
      { kind: 'table', rows: [{ label: 'A', value: 'B', emphasis: true }] },
      { kind: 'link', label: 'Go', url: 'https://shop.example/x?a=1&b=2' },
      { kind: 'code', label: 'Token:', code: 'abc' },
    ],
    footer: 'F',
  });
  expect(text).toBe('T\n\nP\n\nL1\nL2\n\nA: B\n\nGo: https://shop.example/x?a=1&b=2\n\nToken: abc\n\n-- \nF\n');
  expect(html).toContain('<a href="https://shop.example/x?a=1&#38;b=2">Go</a>');
  expect(html).toContain('<code>abc</code>');
});

test('the warning of a hold says until when', () => {
  expect(holdWarningMail({ expiresAt: '2026-11-21T10:05:09.120Z' }).text).toContain('until 10:05 UTC');
});
