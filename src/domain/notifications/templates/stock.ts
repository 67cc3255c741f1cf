import type { MailMessage } from '../ports.js';
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
