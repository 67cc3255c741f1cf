import type { MailMessage, TextMessage } from '../ports.js';
import type { NotificationDetails } from '../types.js';
import { formatMoney } from './format-money.js';
import { layout } from './layout.js';

/** Money that no order is paid with went back. There may be no order to name. */
export function returnedMail({ refunded }: NotificationDetails): Pick<MailMessage, 'subject' | 'text' | 'html'> {
  return {
    subject: 'Your payment goes back to you',
    ...layout({
      title: 'Your payment goes back to you',
      blocks: [
        { kind: 'paragraph', text: `We could not use your payment${over(refunded)} for an order, so we gave it back.` },
        {
          kind: 'paragraph',
          text: 'Nothing is left to do. It may take your bank some days to show it; an amount that was only reserved just disappears.',
        },
      ],
      footer: 'You get this mail because this address was given at the checkout of Perdure.',
    }),
  };
}

export const returnedText = ({ refunded }: NotificationDetails): Pick<TextMessage, 'text'> => ({
  text: `Perdure: we could not use your payment${over(refunded)} for an order. It goes back to you.`,
});

const over = (amount: NotificationDetails['refunded']): string =>
  amount === undefined ? '' : ` of ${formatMoney(amount)}`;
