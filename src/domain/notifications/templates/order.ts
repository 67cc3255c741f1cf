import { unreachable } from '../../kernel/errors.js';
import type { Address, Order } from '../../orders/types.js';
import type { MailMessage, TextMessage } from '../ports.js';
import type { NotificationDetails, PlacedNotification, Tracking } from '../types.js';
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
  | 'payment'
>;

/** What a mail about an order says; the recipient and the id come from the sender. */
export function orderMail(
  event: PlacedNotification,
  order: Told,
  details: NotificationDetails = {},
): Pick<MailMessage, 'subject' | 'text' | 'html'> {
  const { subject, title, blocks } = letterOf(event, order, details);
  return { subject, ...layout({ title, blocks, footer: FOOTER }) };
}

/** Short enough for one SMS, but for what staff typed of a parcel. */
export function orderText(
  event: PlacedNotification,
  order: Pick<Told, 'number' | 'total'>,
  details: NotificationDetails = {},
): Pick<TextMessage, 'text'> {
  const said = `Perdure: your order ${order.number} ${inShort(event, order, details)}`;
  const url = event === 'order_shipped' ? webAddress(details.tracking?.url) : null;
  // cut in two, an address leads nowhere
  return { text: url !== null && said.length + 1 + url.length <= ONE_SMS ? `${said} ${url}` : said };
}

const ONE_SMS = 160;
const LONGEST_TYPED = 40;

function letterOf(
  event: PlacedNotification,
  order: Told,
  details: NotificationDetails,
): { readonly subject: string; readonly title: string; readonly blocks: readonly Block[] } {
  const { number } = order;
  switch (event) {
    case 'order_confirmed':
      return {
        subject: `Order ${number} is confirmed`,
        title: `Thank you for your order ${number}`,
        blocks: [
          paragraph(`${paid(order)} We are getting your order ready.`),
          ...summary(order),
          ...destination(order),
        ],
      };
    case 'order_shipped':
      return {
        subject: `Order ${number} is on its way`,
        title: `Your order ${number} is on its way`,
        blocks: [...parcel(details.tracking), ...summary(order), ...destination(order)],
      };
    case 'order_delivered':
      return {
        subject: `Order ${number} is delivered`,
        title: `Your order ${number} is delivered`,
        blocks: [paragraph('Your order has arrived. We hope that you like it.'), ...summary(order)],
      };
    case 'order_cancelled':
      return {
        subject: `Order ${number} is cancelled`,
        title: `Your order ${number} is cancelled`,
        blocks: [paragraph(`${cancelledBy(details)} ${moneyOf(details, 'No money was taken.')}`), ...summary(order)],
      };
    case 'order_refunded':
      return {
        subject: `A refund for order ${number}`,
        title: `A refund for your order ${number}`,
        blocks: [paragraph(moneyOf(details, 'Your money goes back to you.')), ...summary(order)],
      };
    default:
      return unreachable(event);
  }
}

function inShort(
  event: PlacedNotification,
  { total }: Pick<Told, 'total'>,
  { tracking, refunded }: NotificationDetails,
): string {
  const money = refunded === undefined ? null : formatMoney(refunded);
  switch (event) {
    case 'order_confirmed':
      return `over ${formatMoney(total)} is confirmed. Thank you!`;
    case 'order_shipped': {
      const number = tracking?.number == null ? '' : ` ${typed(tracking.number)}`;
      return tracking === undefined ? 'is on its way.' : `is on its way with ${typed(tracking.carrier)}${number}.`;
    }
    case 'order_delivered':
      return 'is delivered.';
    case 'order_cancelled':
      return `over ${formatMoney(total)} is cancelled. ${money === null ? 'No money was taken.' : `${money} goes back to you.`}`;
    case 'order_refunded':
      return money === null ? 'is refunded.' : `is refunded: ${money} goes back to you.`;
    default:
      return unreachable(event);
  }
}

const paragraph = (text: string): Block => ({ kind: 'paragraph', text });

const paid = ({ payment }: Pick<Told, 'payment'>): string =>
  payment.status === 'due' ? 'You pay when it arrives.' : 'We have received your payment.';

function cancelledBy({ cancelledBy }: NotificationDetails): string {
  switch (cancelledBy) {
    case 'customer':
      return 'We cancelled your order, as you asked.';
    case 'shop':
      return 'We are sorry: we had to cancel your order.';
    case undefined:
      return 'We could not complete your payment, so we cancelled the order.';
    default:
      return unreachable(cancelledBy);
  }
}

const moneyOf = ({ refunded }: NotificationDetails, none: string): string =>
  refunded === undefined
    ? none
    : `${formatMoney(refunded)} goes back to you the way you paid. Your bank may take some days to show it.`;

function parcel(tracking: Tracking | undefined): Block[] {
  if (tracking === undefined) return [paragraph('Your order has left our warehouse.')];
  const url = webAddress(tracking.url);
  return [
    paragraph(`Your order has left our warehouse with ${typed(tracking.carrier)}.`),
    ...(tracking.number == null
      ? []
      : [{ kind: 'code', label: 'Tracking number:', code: typed(tracking.number) } as const]),
    ...(url === null ? [] : [{ kind: 'link', label: 'Follow your parcel', url } as const]),
  ];
}

/** What staff typed: on one line, and not endless. */
const typed = (text: string): string => [...inert(text)].slice(0, LONGEST_TYPED).join('');

/** Staff's link to a carrier, as ASCII; null for what is no web address. */
function webAddress(text: string | null | undefined): string | null {
  const url = text == null ? null : URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.username === '' ? url.href : null;
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

const destination = (order: Told): Block[] => [
  paragraph('It goes to:'),
  { kind: 'lines', lines: addressLines(order.shippingAddress) },
];

export function totals(order: Told): TableRow[] {
  const { refunded } = order.payment;
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
    ...(refunded.amount === 0 ? [] : [{ label: 'Refunded so far', value: formatMoney(refunded) }]),
  ];
}

export const addressLines = (address: Address): string[] =>
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
