import { DomainError } from '../domain/kernel/errors.js';
import type { Query } from '../domain/kernel/transact.js';
import {
  CLAIM_MS,
  claimNotification,
  DeliveryError,
  MOST_AT_ONCE,
  releaseNotification,
  renewClaim,
  settleNotification,
  type DeliveryStatus,
  type HeldClaim,
  type Notice,
  type Settlement,
} from '../domain/notifications/index.js';
import { createSlots } from '../domain/kernel/slots.js';

export interface DeliveryDeps {
  readonly query: Query;
  readonly claimMs?: number;
}

/** Reads what is to be said and answers how to say it; null when there is nobody to say it to. */
export type Prepare = (claim: HeldClaim) => Promise<(() => Promise<void | { readonly providerId: string }>) | null>;

/** Half of an activity's time, so that the send still fits in. */
const SLOT_WAIT_MS = 10_000;
/** How long an ending is kept in mind while the database is away. */
const SETTLE_MS = 60_000;
const SETTLE_PAUSE_MS = 200;

/**
 * Sends a message at most once, whichever attempts run at once: each claims it, proves the claim just before it hands the
 * message over, and keeps the claim for as long as the provider takes, also past the activity's own time-out. The same id is
 * sent again only where nobody can know that it was accepted: after a kill between acceptance and record, when the database
 * stays away for longer than the claim and `SETTLE_MS`, or when the provider's answer was lost or told of a part (`uncertain`);
 * then not before the claim has run off.
 */
export function createDelivery({ query, claimMs = CLAIM_MS }: DeliveryDeps) {
  // No more than there are connections: a message that is claimed is sent at once.
  const slots = { email: createSlots(MOST_AT_ONCE), sms: createSlots(MOST_AT_ONCE) };

  /** @throws DomainError `temporarily_unavailable` while another attempt has the message, or all connections are taken */
  return async function deliver(notice: Notice, prepare: Prepare): Promise<DeliveryStatus> {
    const leave = await slots[notice.channel].enter(SLOT_WAIT_MS);
    if (leave === null) throw new DomainError('temporarily_unavailable', 'all connections are taken');
    try {
      const claim = await query((em) => claimNotification(em, notice, claimMs));
      return claim.kind === 'settled' ? claim.status : await send(claim, prepare);
    } finally {
      leave();
    }
  };

  async function send(claim: HeldClaim, prepare: Prepare): Promise<DeliveryStatus> {
    const handOver = await prepare(claim).catch(async (error: unknown) => {
      await release(claim, error instanceof DomainError ? error.code : 'internal');
      throw error;
    });
    if (handOver === null) return settle(claim, { status: 'skipped' });
    await prove(claim);
    const keeping = setInterval(() => void renew(claim).catch(() => false), claimMs / 4).unref();
    try {
      return await settle(claim, await outcomeOf(claim, handOver()));
    } finally {
      clearInterval(keeping);
    }
  }

  async function outcomeOf(claim: HeldClaim, sending: ReturnType<NonNullable<Awaited<ReturnType<Prepare>>>>) {
    try {
      return { status: 'sent', ...(await sending) } satisfies Settlement;
    } catch (error) {
      if (error instanceof DeliveryError && error.permanent)
        return { status: 'failed', error: error.code } satisfies Settlement;
      if (error instanceof DeliveryError && !error.uncertain) await release(claim, error.code);
      throw error;
    }
  }

  function renew(claim: HeldClaim): Promise<boolean> {
    return query((em) => renewClaim(em, claim, claimMs));
  }

  /** A process that slept since its claim, even during this very question, must not send. */
  async function prove(claim: HeldClaim): Promise<void> {
    const asked = performance.now();
    if (!(await renew(claim)) || performance.now() - asked > claimMs / 2)
      throw new DomainError('temporarily_unavailable', 'the claim on this message has ended', {
        notificationId: claim.notificationId,
      });
  }

  /** The claim runs off by itself where this cannot be written. */
  async function release(claim: HeldClaim, code: string): Promise<void> {
    await query((em) => releaseNotification(em, claim, code)).catch(() => undefined);
  }

  /** What the provider said is known here alone: it is written as soon as the database is back. */
  async function settle({ notificationId }: HeldClaim, settlement: Settlement): Promise<DeliveryStatus> {
    for (const until = performance.now() + SETTLE_MS; ;) {
      try {
        await query((em) => settleNotification(em, notificationId, settlement));
        return settlement.status;
      } catch (error) {
        if (performance.now() > until) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, SETTLE_PAUSE_MS));
    }
  }
}
