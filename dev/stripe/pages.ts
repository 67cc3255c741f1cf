import type Stripe from 'stripe';
import { escapeHtml, page, pill, table, tile, type Tone } from '../simulation/page.js';
import type { IntentTotals, Ledger, Movement } from './ledger.js';

const TONES: Record<Movement['type'], Tone> = {
  authorise: 'wait',
  capture: 'good',
  void: 'idle',
  refund: 'bad',
  refund_reversal: 'good',
};

export function ledgerPage({ movements, intents, totals }: Ledger, now: Date): string {
  const tiles = totals.flatMap(({ currency, captured, refunded, net, held }) => [
    tile(`Captured, ${currency.toUpperCase()}`, amount(captured, currency)),
    tile(`Refunded, ${currency.toUpperCase()}`, amount(refunded, currency)),
    tile(`Net, ${currency.toUpperCase()}`, amount(net, currency)),
    tile(`Held, ${currency.toUpperCase()}`, amount(held, currency)),
  ]);
  return page(
    'Payment ledger',
    `<header><h1>Payment ledger</h1><p>Simulated Stripe account at ${escapeHtml(now.toISOString())}. No real money. <a href="/ledger.json">ledger.json</a></p>
    <div class="tiles">${tiles.join('')}</div></header><main><h2>Payments</h2>
    ${table(
      [
        { title: 'Payment' },
        { title: 'Checkout' },
        { title: 'State' },
        num('Authorised'),
        num('Captured'),
        num('Refunded'),
        num('Net'),
        { title: 'Began' },
      ],
      intents.map((each) => [
        `<a href="/ledger.json?intent=${encodeURIComponent(each.intent)}"><code>${escapeHtml(each.intent)}</code></a>`,
        `<code class="dim">${escapeHtml(each.metadata['checkout_id'] ?? '')}</code>`,
        stateOf(each),
        amount(each.authorised, each.currency),
        amount(each.captured, each.currency),
        amount(each.refunded, each.currency),
        amount(each.net, each.currency),
        time(each.created),
      ]),
      'No payment yet.',
    )}<h2>Movements</h2>
    ${table(
      [{ title: 'When' }, { title: 'What' }, num('Amount'), { title: 'Payment' }],
      movements.map((each) => [
        time(each.created),
        pill(each.type.replace('_', ' '), TONES[each.type]),
        amount(each.amount, each.currency),
        `<code>${escapeHtml(each.intent)}</code>`,
      ]),
      'Nothing has moved yet.',
    )}</main>`,
  );
}

/** What the customer's bank shows for 3-D Secure. */
export function challengePage(intent: Stripe.PaymentIntent): string {
  const waiting = intent.status === 'requires_action';
  const buttons = `<form method="post" action="/test/payment_intents/${encodeURIComponent(intent.id)}/authenticate"><div class="row">
    <button class="primary" name="outcome" value="succeed">Complete authentication</button><button name="outcome" value="fail">Fail authentication</button></div></form>`;
  return page(
    'Confirm your payment',
    `<main class="narrow"><div class="card"><h1>Confirm your payment</h1>
    <p>Your (simulated) bank asks whether you want to pay <strong>${amount(intent.amount, intent.currency)}</strong>.</p>
    ${waiting ? buttons : `<p>${pill(intent.status.replaceAll('_', ' '), 'idle')} You can close this page.</p>`}</div></main>`,
  );
}

const num = (title: string): { title: string; kind: 'num' } => ({ title, kind: 'num' });

const time = (at: number): string =>
  `<span class="dim">${new Date(at * 1000).toISOString().replace('T', ' ').slice(0, 19)}</span>`;

function stateOf({ held, captured, refunded, net }: IntentTotals): string {
  if (held > 0) return pill('held', 'wait');
  if (captured === 0) return pill('released', 'idle');
  if (refunded === 0) return pill('captured', 'good');
  return net === 0 ? pill('refunded', 'bad') : pill('partly refunded', 'bad');
}

function amount(minor: number, currency: string): string {
  try {
    const format = new Intl.NumberFormat('en', { style: 'currency', currency: currency.toUpperCase() });
    return escapeHtml(format.format(minor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2)));
  } catch {
    return escapeHtml(`${minor} ${currency}`);
  }
}
