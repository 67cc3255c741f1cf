import { escapeHtml, page, pill, table, tile } from '../simulation/page.js';
import type { SentText } from './messages.js';

/** The newest messages, with repeats of one reference marked. */
export function logPage(
  newest: readonly SentText[],
  counts: { readonly messages: number; readonly repeats: number; readonly recipients: number },
): string {
  const seen = new Map<string, number>();
  for (const { client_ref: ref } of newest) if (ref !== null) seen.set(ref, (seen.get(ref) ?? 0) + 1);
  return page(
    'Text messages',
    `<header><h1>Text messages</h1><p>What a simulated Vonage accepted. Nothing was sent to a phone. <a href="/log.json">log.json</a></p>
    <div class="tiles">${tile('Messages', String(counts.messages))}${tile('Recipients', String(counts.recipients))}${tile('Repeats of a reference', String(counts.repeats))}</div></header>
    <main><h2>Newest first</h2>${table(
      [
        { title: 'When' },
        { title: 'To' },
        { title: 'Text', kind: 'wrap' },
        { title: 'Reference' },
        { title: 'Parts', kind: 'num' },
        { title: 'Message' },
      ],
      newest.map((each) => [
        `<span class="dim">${escapeHtml(each.at.replace('T', ' ').slice(0, 19))}</span>`,
        escapeHtml(`+${each.to}`),
        escapeHtml(each.text),
        `<code>${escapeHtml(each.client_ref ?? '')}</code>${(seen.get(each.client_ref ?? '') ?? 0) > 1 ? ` ${pill('repeat', 'wait')}` : ''}`,
        String(each.parts),
        `<code class="dim">${escapeHtml(each.message_id)}</code>`,
      ]),
      'No message yet.',
    )}</main>`,
  );
}
