import type { FlowName } from './contracts.js';

interface Texts {
  readonly summary: string;
  /** Markdown, for somebody who never saw the code: what the flow does, how it ends, what it is safe to do to it. */
  readonly details: string;
}

const RETRIES = 'A step that an outage holds up is tried again without end, and asks for attention after 20 s.';

/** What every flow's page in Temporal's UI says from its start; where it is just now stands in its current details. */
const TEXTS: Readonly<Record<FlowName | 'searchRebuild' | 'reservationSweep' | 'reconciliation', Texts>> = {
  checkout: {
    summary: 'Buy a cart',
    details:
      'Reserves the stock, has the payment authorised, places the order, captures the payment and tells the customer. If it is ' +
      'not paid, the payment is voided and the stock given back, always both. ' +
      `${RETRIES} \`cancelCheckout\` stops it until the order is being placed. Do not terminate it: undos would wait for the sweep.`,
  },
  reservationExpiry: {
    summary: 'End the hold of a cart',
    details:
      'A customer holds the stock of a cart for some minutes. Warns before the end, follows one extension, and gives the stock ' +
      'back at the end, unless the cart was bought or let go.',
  },
  passwordReset: {
    summary: 'Send a password reset',
    details: `Mails a link that sets a new password, if the address has an account. ${RETRIES} A day after the request it ends.`,
  },
  confirmEmail: {
    summary: 'Confirm an e-mail address',
    details: `Mails a link that proves whose an address is. ${RETRIES}`,
  },
  notify: {
    summary: 'Tell the customer of an order',
    details:
      'Sends the e-mails and SMS about an order that could not be sent at once, and those that staff send again: each once. ' +
      `${RETRIES} The order does not depend on it.`,
  },
  paymentEvent: {
    summary: 'Act on a payment event',
    details:
      'The provider told of money for a checkout that ended unpaid. Finds the checkout and makes sure that no money is kept. ' +
      RETRIES,
  },
  cancelOrder: {
    summary: 'Cancel an order',
    details:
      'Cancels an order whose goods have not left: waits until its payment is settled, puts the goods back, tells the customer ' +
      `and gives back all that was taken. ${RETRIES} Asked for is asked for: cancelling this flow stops none of it.`,
  },
  refund: {
    summary: 'Give money back',
    details:
      'Has the provider give back what the refund claimed, waits for the bank where it takes days, and tells the customer. ' +
      `Made at most once, however often it is tried. ${RETRIES}`,
  },
  refundEvent: {
    summary: 'Book a refund that the provider told of',
    details:
      'Books the refunds of a payment as the provider has them now, ours and those of its dashboard, and wakes the flows that ' +
      `wait for them. ${RETRIES}`,
  },
  lowStock: {
    summary: 'Tell staff of low stock',
    details: `Mails staff which variants fell to their threshold, once for each fall. ${RETRIES}`,
  },
  backInStock: {
    summary: 'Tell who waits that a variant is back',
    details:
      'Mails those who asked to be told, in the order they asked and each once: some for each piece that is there, and an hour ' +
      `later the next ones, if any is left. ${RETRIES} It can be ended at any time, and stays so until the variant comes back anew; who was not ` +
      'told goes on waiting.',
  },
  reconciliation: {
    summary: 'Lay the books beside each other',
    details:
      'Runs by the clock. Compares counters of stock with their rows, the payment provider with the ledger, its events with what ' +
      'was done about them, and the search index with the products. Mends at once what is safe; the rest waits for approval: ' +
      '`GET /admin/reconciliation-differences?state=awaiting_approval`. It can be ended at any time; the next one begins anew.',
  },
  reconciliationRepair: {
    summary: 'Mend an approved difference',
    details:
      'Does what a person approved about a difference between two books, once, and only while its figures are those approved. ' +
      `${RETRIES} Ended by hand, it is started anew by the next reconciliation.`,
  },
  catalogueImport: {
    summary: 'Import a catalogue',
    details:
      'Reads a file of products in slices; after an interruption it goes on where it stopped. Cancelling ends it, and what was ' +
      'imported stays. How far it is: the query `progress`.',
  },
  searchIndex: {
    summary: 'Index products for search',
    details: `Brings products that changed level in the search index. ${RETRIES} Searches go on meanwhile.`,
  },
  searchRebuild: {
    summary: 'Fill the search index',
    details:
      'Fills a new search index with all products, then lets searches read it. Until then they are answered as before.',
  },
  reservationSweep: {
    summary: 'Sweep up what flows left behind',
    details:
      'Runs by the clock. Ends overdue holds, and starts flows for checkouts, orders and messages whose own flow is gone, as ' +
      'after it was terminated.',
  },
};

/** Summary and details that a flow is started with; `about` names what it is for, by its id. */
export const textsOf = (flow: keyof typeof TEXTS, about?: string) => ({
  staticSummary: about === undefined ? TEXTS[flow].summary : `${TEXTS[flow].summary}: ${about}`,
  staticDetails: TEXTS[flow].details,
});
