import type { MailMessage } from '../ports.js';
import { layout } from './layout.js';

/** Warns a customer that the stock held for their cart goes back at `expiresAt` (ISO 8601). */
export function holdWarningMail(hold: { readonly expiresAt: string }): Pick<MailMessage, 'subject' | 'text' | 'html'> {
  const until = `${hold.expiresAt.slice(11, 16)} UTC`;
  return {
    subject: 'Your reserved items are about to be released',
    ...layout({
      title: 'Your reservation ends soon',
      blocks: [
        { kind: 'paragraph', text: `We hold the items in your cart until ${until}. After that others can buy them.` },
        { kind: 'paragraph', text: 'Check out now, or extend the reservation once in your cart.' },
      ],
      footer: 'You get this mail because you reserved the items in your cart at Perdure.',
    }),
  };
}
