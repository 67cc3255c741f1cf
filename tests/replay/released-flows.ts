import { patched, proxyActivities, type WorkflowInterceptors } from '@temporalio/workflow';

export * from '../../src/workflows/index.js';

/** Looks and changes nothing; named after where it stands. */
interface LookActivities {
  look(where: string): Promise<void>;
}

const { look } = proxyActivities<LookActivities>({
  startToCloseTimeout: '10s',
  retry: { initialInterval: '200ms', maximumInterval: '5s' },
});

/** The flows as they are, and one step more: a look before the money is captured. */
const before = (): WorkflowInterceptors => ({
  outbound: [
    {
      async scheduleActivity(input, next) {
        if (input.activityType === 'capturePayment') await look('capture');
        return next(input);
      },
    },
  ],
});

/**
 * A release later: that look comes after the capture, and two more were added, before a payment is authorised and each time
 * that a hold is read. `changed` says whether a flow takes the new way.
 */
const after = (changed: (patch: string) => boolean): WorkflowInterceptors => ({
  outbound: [
    {
      async scheduleActivity(input, next) {
        if (input.activityType === 'authorisePayment' && changed('look-before-payment')) await look('payment');
        if (input.activityType !== 'capturePayment') return next(input);
        const later = changed('look-after-capture');
        if (!later) await look('capture');
        const captured = await next(input);
        if (later) await look('capture');
        return captured;
      },
      async scheduleLocalActivity(input, next) {
        if (input.activityType === 'readHold' && changed('look-at-hold')) await look('hold');
        return next(input);
      },
    },
  ],
});

const RELEASES = {
  before,
  after: () => after(patched),
  /** The same change, its move made as if no flow were running. */
  careless: () => after((patch) => patch === 'look-after-capture' || patched(patch)),
};

export type Release = keyof typeof RELEASES;

/** Stands in the bundle, where each release's name is written in its place: bundling takes seconds. */
const THIS_RELEASE = 'THE RELEASE OF THIS BUNDLE';

export const interceptors = (): WorkflowInterceptors => RELEASES[THIS_RELEASE as Release]();
