import { unreachable } from '../../kernel/errors.js';
import type { Address, Order } from '../../orders/types.js';
import type { MailMessage, TextMessage } from '../ports.js';
import type { OrderNotification } from '../types.js';
import { formatMoney } from './format-money.js';
import { inert } from './inert.js';
import { layout, type Block, type TableRow } from './layout.js';

export type Told = Pick<
  Order,
  | 'number'
  | 'lines'
  | 'subtotal'
  | 'discountTotal'
  | 'shippingTotal'
  | 'taxTotal'
  | 'total'
  | 'pricesIncludeTax'
  | 'shippingAddress'
>;

/** What a mail about an order says; the recipient and the id come from the sender. */
export function orderMail(event: OrderNotification, order: Told): Pick<MailMessage, 'subject' | 'text' | 'html'> {
  switch (event) {
    case 'order_confirmed':
      return {
        subject: `Order ${order.number} is confirmed`,
        ...layout({
          title: `Thank you for your order ${order.number}`,
          blocks: [
            { kind: 'paragraph', text: 'We have received your payment and are getting your order ready.' },
            ...summary(order),
            { kind: 'paragraph', text: 'It goes to:' },
            { kind: 'lines', lines: addressLines(order.shippingAddress) },
          ],
          footer: FOOTER,
        }),
      };
    case 'order_cancelled':
      return {
        subject: `Order ${order.number} is cancelled`,
        ...layout({
          title: `Your order ${order.number} is cancelled`,
          blocks: [
            {
              kind: 'paragraph',
              text: 'We could not complete your payment, so we cancelled the order. No money was taken.',
            },
            ...summary(order),
          ],
          footer: FOOTER,
        }),
      };
    default:
      return unreachable(event);
  }
}

/** Short enough for one SMS. */
export function orderText(event: OrderNotification, order: Pick<Told, 'number' | 'total'>): Pick<TextMessage, 'text'> {
  const total = formatMoney(order.total);
  switch (event) {
    case 'order_confirmed':
      return { text: `Perdure: your order ${order.number} over ${total} is confirmed. Thank you!` };
    case 'order_cancelled':
      return { text: `Perdure: your order ${order.number} over ${total} is cancelled. No money was taken.` };
    default:
      return unreachable(event);
  }
}

const FOOTER = 'You get this mail because this address was given with an order at Perdure.';

function summary(order: Told): Block[] {
  const items = order.lines.map((line) => ({
    label: `${line.quantity} x ${inert(line.title)} (${inert(line.sku)})`,
    value: formatMoney(line.lineTotal),
  }));
  return [
    { kind: 'table', rows: items },
    { kind: 'table', rows: totals(order) },
  ];
}

function totals(order: Told): TableRow[] {
  const tax = { label: order.pricesIncludeTax ? 'Tax, included' : 'Tax', value: formatMoney(order.taxTotal) };
  return [
    { label: 'Subtotal', value: formatMoney(order.subtotal) },
    ...(order.discountTotal.amount === 0
      ? []
      : [{ label: 'Discount', value: formatMoney({ ...order.discountTotal, amount: -order.discountTotal.amount }) }]),
    { label: 'Shipping', value: formatMoney(order.shippingTotal) },
    ...(order.pricesIncludeTax ? [] : [tax]),
    { label: 'Total', value: formatMoney(order.total), emphasis: true },
    ...(order.pricesIncludeTax ? [tax] : []),
  ];
}

const addressLines = (address: Address): string[] =>
  [
    address.name,
    address.line1,
    address.line2 ?? '',
    [address.postal_code, address.city].join(' '),
    address.region ?? '',
    address.country,
  ]
    .map(inert)
    .filter((line) => line !== '');
