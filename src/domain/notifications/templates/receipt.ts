import type { Order } from '../../orders/types.js';
import { formatMoney } from './format-money.js';
import { escapeMarkup, inert } from './inert.js';
import { addressLines, totals, type Told } from './order.js';
import type { TableRow } from './layout.js';

/** All the style there is: the page's policy names it by its hash. */
export const RECEIPT_STYLE = `
body{margin:2rem auto;max-width:42rem;padding:0 1rem;font:15px/1.5 Helvetica,Arial,sans-serif;color:#1c1c1c}
h1{font-size:1.4rem}table{width:100%;border-collapse:collapse;margin:1.5rem 0}
th,td{padding:.35rem .5rem;text-align:left;vertical-align:top;border-bottom:1px solid #d8d8d8}
td.n,th.n{text-align:right;white-space:nowrap}tr.total td{font-weight:bold}small{color:#5c5c5c}
thead{display:table-header-group}tr{break-inside:avoid}
@media print{body{margin:0;max-width:none}}
`;

export type Receipted = Told & Pick<Order, 'status' | 'placedAt'>;

/** The receipt of an order as a page to print: everything that was bought, charged, paid and given back. */
export function receiptPage(order: Receipted): string {
  const title = `Receipt for order ${escapeMarkup(order.number)}`;
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${title}</title><style>${RECEIPT_STYLE}</style></head><body>`,
    `<h1>${title}</h1>`,
    `<p>Placed on ${escapeMarkup(order.placedAt.slice(0, 10))}. Status: ${escapeMarkup(order.status)}.</p>`,
    `<p>${addressLines(order.shippingAddress).map(escapeMarkup).join('<br>')}</p>`,
    '<table><thead><tr><th>Item</th><th class="n">Price</th><th class="n">Quantity</th><th class="n">Tax</th>' +
      '<th class="n">Amount</th></tr></thead><tbody>',
    ...order.lines.map(line),
    '</tbody></table>',
    `<table><tbody>${[...totals(order), ...payments(order)].map(row).join('')}</tbody></table>`,
    '</body></html>',
    '',
  ].join('\n');
}

const text = (typed: string): string => escapeMarkup(inert(typed));

function line({ title, sku, unitPrice, quantity, tax, discount, lineTotal }: Receipted['lines'][number]): string {
  const less =
    discount.amount === 0
      ? ''
      : `<br><small>Discount: ${escapeMarkup(formatMoney({ ...discount, amount: -discount.amount }))}</small>`;
  const numbers = [formatMoney(unitPrice), String(quantity), formatMoney(tax), formatMoney(lineTotal)];
  return (
    `<tr><td>${text(title)}<br><small>${text(sku)}</small>${less}</td>` +
    `${numbers.map((number) => `<td class="n">${escapeMarkup(number)}</td>`).join('')}</tr>`
  );
}

const row = ({ label, value, emphasis = false }: TableRow): string =>
  `<tr${emphasis ? ' class="total"' : ''}><td>${escapeMarkup(label)}</td><td class="n">${escapeMarkup(value)}</td></tr>`;

/** What is paid, or is to be; what went back stands among the totals. */
function payments({ payment }: Receipted): TableRow[] {
  const { captured, amount, status, provider } = payment;
  if (captured.amount > 0) return [{ label: `Paid (${inert(provider)})`, value: formatMoney(captured) }];
  if (status === 'due') return [{ label: 'To be paid on delivery', value: formatMoney(amount) }];
  return [{ label: 'Paid', value: formatMoney({ ...amount, amount: 0 }) }];
}
