import type { Told } from '../../../src/domain/notifications/templates/order.js';
import { formatMoney } from '../../../src/domain/notifications/templates/format-money.js';
import { ORDER_NOTIFICATIONS } from '../../../src/domain/notifications/types.js';
import { escapeMarkup, inert, layout, orderMail, orderText } from '../../../src/domain/notifications/index.js';
import { backInStockMail, holdWarningMail, lowStockMail } from '../../../src/domain/notifications/index.js';

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
  payment: {
    provider: 'stripe',
    status: 'captured',
    amount: usd(132_714),
    captured: usd(132_714),
    refunded: usd(0),
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

test('the confirmation mail of an order paid on delivery does not say that the payment came', () => {
  const { text } = orderMail('order_confirmed', { ...order, payment: { ...order.payment, status: 'due' } });
  expect(text).toContain('You pay when it arrives.');
  expect(text).not.toContain('received your payment');
});

test('the cancellation mail, when a customer wanted it, says so and what goes back', () => {
  const details = { cancelledBy: 'customer', refunded: usd(132_714) } as const;
  const { text } = orderMail('order_cancelled', order, details);
  expect(text).toContain('as you asked. $1,327.14 goes back to you');
  expect(text).not.toContain('No money was taken');
  expect(orderText('order_cancelled', order, details).text).toMatch(/is cancelled\. \$1,327\.14 goes back to you\.$/);
});

test('the cancellation mail, when the shop had to cancel, is sorry', () => {
  expect(orderMail('order_cancelled', order, { cancelledBy: 'shop' }).text).toContain('We are sorry');
});

test('the refund mail names what goes back now and what went back so far', () => {
  const { text } = orderMail(
    'order_refunded',
    { ...order, payment: { ...order.payment, refunded: usd(5_000) } },
    { refunded: usd(2_000) },
  );
  expect(text).toContain('$20.00 goes back to you');
  expect(text).toContain('Refunded so far: $50.00');
});

const tracking = { carrier: 'DHL', number: 'JD0149', url: 'https://dhl.example/?id=JD0149' };

test('the mail of a shipment, with all about its parcel, names carrier and number and links to it', () => {
  const { text, html } = orderMail('order_shipped', order, { tracking });
  expect(text).toContain('has left our warehouse with DHL.');
  expect(text).toContain('Tracking number: JD0149');
  expect(text).toContain('Follow your parcel: https://dhl.example/?id=JD0149');
  expect(html).toContain('<a href="https://dhl.example/?id=JD0149">');
});

test('the mail of a shipment, with nothing about its parcel, still says that it left', () => {
  const { text } = orderMail('order_shipped', order);
  expect(text).toContain('has left our warehouse.');
  expect(text).not.toMatch(/Tracking|Follow/);
  expect(orderText('order_shipped', order).text).toMatch(/is on its way\.$/);
});

test('the SMS of a shipment, when the link fits, carries it whole, and else leaves it out', () => {
  expect(orderText('order_shipped', order, { tracking }).text).toBe(
    'Perdure: your order P-7K3M9Q is on its way with DHL JD0149. https://dhl.example/?id=JD0149',
  );
  const long = { ...tracking, url: `https://dhl.example/${'x'.repeat(120)}` };
  expect(orderText('order_shipped', order, { tracking: long }).text).toMatch(/JD0149\.$/);
});

test.each([
  ['another scheme', 'javascript:alert(1)'],
  ['no address', 'dhl.example'],
  ['a name before the host', 'https://dhl.example@evil.example/'],
])('messages of a shipment, when the link is %s, leave it out', (_, url) => {
  const { text, html } = orderMail('order_shipped', order, { tracking: { carrier: 'DHL', url } });
  expect(text + html + orderText('order_shipped', order, { tracking: { carrier: 'DHL', url } }).text).not.toContain(
    url,
  );
  expect(html).not.toContain('<a ');
});

test('messages of a shipment, when carrier and number hold markup, lines and marks, show plain words', () => {
  const hostile = { carrier: '<b>D\r\nHL</b>\u202e https://evil.example', number: 'J\u0000D\u2028<i>1', url: null };
  const { text, html } = orderMail('order_shipped', order, { tracking: hostile });
  const sms = orderText('order_shipped', order, { tracking: hostile }).text;
  expect(html).not.toMatch(/<b>|<i>/);
  for (const said of [text, html, sms]) expect(said).not.toMatch(/https:\/\/evil|[\u202e\u2028\0]/);
  expect(sms).not.toMatch(/[\r\n]/);
});

const chf = { amount: 132_714, currency: 'CHF' };

test.each(ORDER_NOTIFICATIONS)('the SMS of %s fits one message and is plain ASCII', (event) => {
  const { text } = orderText(event, { ...order, total: chf }, { refunded: chf });
  expect(text.length).toBeLessThanOrEqual(160);
  expect(text).toContain('P-7K3M9Q');
  expect(text).not.toMatch(/[^\x20-\x7e]/);
});

test.each(['order_confirmed', 'order_cancelled', 'order_refunded'] as const)(
  'the SMS of %s names the money',
  (event) => {
    expect(orderText(event, { ...order, total: chf }, { refunded: chf }).text).toContain('CHF 1,327.14');
  },
);

test.each(ORDER_NOTIFICATIONS)('the mail of %s names the order in its subject and its title', (event) => {
  const { subject, text } = orderMail(event, order);
  expect(subject).toMatch(/^[\x20-\x7e]*P-7K3M9Q[\x20-\x7e]*$/);
  expect(text.split('\n')[0]).toContain('P-7K3M9Q');
});

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
  expect(inert('a\u202eb\u2028c\td\u200b\u061ce\u00adf')).toBe('a b c d e f');
  expect(inert('\u{1f469}\u200d\u{1f4bb}')).toBe('\u{1f469}\u200d\u{1f4bb}');
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

test('the alert of low stock names each variant and what is left, and shows markup as text on one line', () => {
  const few = { sku: 'CAM-1', title: 'Cam\n<b>Pro</b>', available: 2, lowAt: 3 };
  const { subject, text, html } = lowStockMail([few]);
  expect(subject).toBe('Low stock: CAM-1');
  expect(text).toContain('(CAM-1): 2 left, low at 3');
  expect(html).not.toContain('<b>');
  expect(lowStockMail([few, { ...few, sku: 'CAM-2' }]).subject).toBe('Low stock: 2 variants');
});

test('the mail of a variant that is back names it and its price, and shows markup as text on one line', () => {
  const { subject, text, html } = backInStockMail({
    title: 'Cam\n<b>Pro</b> www.evil.example',
    price: { amount: 2_499, currency: 'USD' },
    url: 'https://shop.example/products/cam',
    withdrawUrl: 'https://shop.example/withdraw-stock-notices?token=abc',
  });
  expect(subject).toBe('Back in stock: Cam <b>Pro</b> www .evil.example');
  expect(text).toContain('<b>Pro</b> www .evil.example: $24.99\n');
  expect(text).toContain(': https://shop.example/products/cam\n');
  expect(html).not.toContain('<b>');
  expect(html).toContain('<a href="https://shop.example/withdraw-stock-notices?token=abc">');
});
