import type { Money } from '../../kernel/money.js';
import type { MailMessage } from '../ports.js';
import { formatMoney } from './format-money.js';
import { inert } from './inert.js';
import { layout } from './layout.js';

/** Tells staff of variants of which few are left. */
export function lowStockMail(
  variants: readonly {
    readonly sku: string;
    readonly title: string;
    readonly available: number;
    readonly lowAt: number;
  }[],
): Pick<MailMessage, 'subject' | 'text' | 'html'> {
  const [first] = variants;
  const what = variants.length === 1 && first !== undefined ? inert(first.sku) : `${variants.length} variants`;
  return {
    subject: `Low stock: ${what}`,
    ...layout({
      title: `Low stock: ${what}`,
      blocks: [
        {
          kind: 'table',
          rows: variants.map(({ sku, title, available, lowAt }) => ({
            label: `${inert(title)} (${inert(sku)})`,
            value: `${available} left, low at ${lowAt}`,
          })),
        },
      ],
      footer: 'You get this mail once each time a variant falls to its threshold.',
    }),
  };
}

/** Tells somebody who asked that a variant can be bought again. Both links are ours. */
export function backInStockMail(variant: {
  readonly title: string;
  readonly price: Money;
  readonly url: string;
  readonly withdrawUrl: string;
}): Pick<MailMessage, 'subject' | 'text' | 'html'> {
  const title = inert(variant.title);
  return {
    subject: `Back in stock: ${title}`,
    ...layout({
      title: `Back in stock: ${title}`,
      blocks: [
        {
          kind: 'paragraph',
          text: 'You asked us to tell you when this can be bought again. It can, while there is some.',
        },
        { kind: 'table', rows: [{ label: title, value: formatMoney(variant.price), emphasis: true }] },
        { kind: 'link', label: 'Look at it', url: variant.url },
        { kind: 'paragraph', text: 'Nothing is put aside for you, and we tell you only once.' },
        { kind: 'link', label: 'Be told of nothing else that you wait for', url: variant.withdrawUrl },
      ],
      footer: 'You get this mail because somebody, hopefully you, asked for it with this address at Perdure.',
    }),
  };
}
