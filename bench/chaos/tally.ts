import type { CheckResult } from '../../src/domain/promises/index.js';
import { findBreaches, type BreachKind, BREACHES } from './breaches.js';
import type { Stage, Surprise, VisitRecord } from './contracts.js';
import { gatherFacts, type Facts, type Found, type Message } from './facts.js';

/** What happened, in numbers. */
export interface Counts {
  readonly visits: number;
  readonly gaveUp: number;
  readonly accepted: number;
  readonly placed: number;
  readonly declined: number;
  readonly expired: number;
  readonly cancelled: number;
  /** Told that it is sold out, mostly before anything was accepted. */
  readonly refused: number;
  readonly ordersCancelled: number;
  readonly refunded: number;
  readonly parked: number;
  readonly repeatedMails: number;
  readonly repeatedTexts: number;
}

export interface Tally {
  readonly counts: Counts;
  readonly breaches: Readonly<Record<BreachKind, readonly Found[]>>;
  readonly audit: readonly CheckResult[];
}

export interface Heard {
  readonly visits: readonly VisitRecord[];
  readonly surprises: { readonly count: number; readonly first: readonly Surprise[] };
  readonly audit: readonly CheckResult[];
}

/** Once all has settled. @throws when one of the services does not answer */
export const takeTally = async (stage: Stage, heard: Heard): Promise<Tally> => tallyOf(heard, await gatherFacts(stage));

export const breachCount = ({ breaches }: Tally): number =>
  BREACHES.reduce((sum, kind) => sum + breaches[kind].length, 0);

/** Holds what shoppers were told against what there is. */
export function tallyOf({ visits, surprises, audit }: Heard, facts: Facts): Tally {
  const ended = (wanted: string): number => facts.checkouts.filter(({ status }) => status === wanted).length;
  const declined = facts.checkouts.filter(({ code }) => DECLINED.includes(code)).length;
  return {
    counts: {
      visits: visits.length,
      gaveUp: visits.filter(({ gaveUp }) => gaveUp !== undefined).length,
      accepted: facts.checkouts.length,
      placed: facts.orders.length,
      declined,
      expired: ended('expired'),
      cancelled: ended('cancelled'),
      refused: visits.filter(({ told }) => told.some(({ what }) => what === 'refused')).length,
      ordersCancelled: facts.orders.filter(({ status }) => status === 'cancelled').length,
      refunded: facts.refunds.filter(({ status }) => status === 'succeeded').length,
      parked: facts.parked,
      repeatedMails: repeats(facts.mails),
      repeatedTexts: repeats(facts.texts),
    },
    breaches: {
      ...findBreaches(visits, facts),
      surprises: surprises.first.map(({ call, what, habit, requestId }) => ({
        what: `${call}: ${what}`,
        ids: { habit, ...(requestId === undefined ? {} : { request: requestId }) },
      })),
      audit: audit.flatMap(({ promise, check, breaches }) =>
        breaches.map(({ what, ids }) => ({ what: `${promise}: ${check}: ${what}`, ids })),
      ),
    },
    audit,
  };
}

export const DECLINED: readonly string[] = ['card_declined', 'payment_failed'];

/** The repeats that the promise allows: under the id of the first. */
function repeats(messages: readonly Message[]): number {
  return messages.length - new Set(messages.map(({ id }) => id)).size;
}
