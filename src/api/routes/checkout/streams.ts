import { PassThrough, type Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { isDecided, statusOf, type CheckoutState, type CheckoutStep } from '../../../domain/checkout/index.js';
import { DomainError } from '../../../domain/kernel/errors.js';

const POLL_MS = 1_000;
const KEEP_ALIVE_MS = 15_000;
/** Proxies and browsers reconnect with Last-Event-ID; nothing is lost by ending a stream. */
const LONGEST_STREAM_MS = 15 * 60_000;

const MOST_OF_CHECKOUT = 10;
const MOST_OF_ADDRESS = 20;
const MOST_OF_PROCESS = 500;

export interface Progress {
  readonly state: CheckoutState;
  readonly steps: readonly CheckoutStep[];
}

export interface Follower {
  readonly checkoutId: string;
  /** Who follows, for the limits. */
  readonly address: string;
  /** The last step that the client has. */
  readonly afterId: number;
  /** As just read: what happened so far is written at once. */
  readonly soFar: Progress;
}

/**
 * Opens a stream of a checkout's steps; it ends once the checkout is decided.
 * @throws DomainError `rate_limited` with too many streams of the checkout or address, `temporarily_unavailable` with
 *   too many in all
 */
export type OpenStream = (follower: Follower) => Readable;

interface Stream {
  readonly out: PassThrough;
  readonly address: string;
  readonly until: number;
  last: number;
  wroteAt: number;
}

export interface StreamsDeps {
  /** The steps after `afterId`. */
  readonly read: (checkoutId: string, afterId: number) => Promise<Progress>;
}

/** The streams of this process: however many follow a checkout, its rows are read once a second. */
export function createStreams({ read }: StreamsDeps): OpenStream {
  const followed = new Map<string, Set<Stream>>();
  const ofAddress = new Map<string, number>();
  let all = 0;

  function assertFew({ checkoutId, address }: Follower): void {
    if (all >= MOST_OF_PROCESS)
      throw new DomainError('temporarily_unavailable', 'too many streams are open; read the checkout instead');
    if ((followed.get(checkoutId)?.size ?? 0) >= MOST_OF_CHECKOUT || (ofAddress.get(address) ?? 0) >= MOST_OF_ADDRESS)
      throw new DomainError('rate_limited', 'you have too many streams open; read the checkout instead');
  }

  function count(address: string, by: 1 | -1): void {
    all += by;
    const left = (ofAddress.get(address) ?? 0) + by;
    if (left === 0) ofAddress.delete(address);
    else ofAddress.set(address, left);
  }

  return (follower) => {
    assertFew(follower);
    const { checkoutId, address, afterId, soFar } = follower;
    const now = Date.now();
    const stream: Stream = {
      out: new PassThrough(),
      address,
      until: now + LONGEST_STREAM_MS,
      last: afterId,
      wroteAt: now,
    };
    // Sends the headers, also when nothing has happened yet.
    stream.out.write(': ok\n\n');
    count(address, 1);
    const streams = followed.get(checkoutId) ?? new Set();
    streams.add(stream);
    stream.out.once('close', () => {
      count(address, -1);
      streams.delete(stream);
    });
    tell(stream, soFar);
    if (!followed.has(checkoutId)) {
      followed.set(checkoutId, streams);
      void follow(checkoutId, streams);
    }
    return stream.out;
  };

  /** Until nobody follows the checkout any more. */
  async function follow(checkoutId: string, streams: Set<Stream>): Promise<void> {
    for (;;) {
      await pause(POLL_MS);
      if (streams.size === 0) break;
      try {
        if ([...streams].every(({ out }) => out.writableEnded)) {
          for (const { out, wroteAt } of streams) if (Date.now() - wroteAt > KEEP_ALIVE_MS) out.destroy();
          continue;
        }
        const progress = await read(checkoutId, Math.min(...[...streams].map(({ last }) => last)));
        for (const stream of streams) tell(stream, progress);
      } catch {
        // An outage ends the streams; clients come back with Last-Event-ID.
        for (const { out } of streams) out.end();
      }
    }
    followed.delete(checkoutId);
  }
}

/** Writes what the stream has not had yet, and ends it when there is nothing more to come. */
function tell(stream: Stream, { state, steps }: Progress): void {
  const { out } = stream;
  if (out.writableEnded) return;
  const now = Date.now();
  for (const { id, step, at } of steps) {
    if (id <= stream.last) continue;
    out.write(`id: ${id}\nevent: ${step}\ndata: ${JSON.stringify({ step, status: statusOf(state), at })}\n\n`);
    [stream.last, stream.wroteAt] = [id, now];
  }
  if (isDecided(state) || now > stream.until) out.end();
  else if (now - stream.wroteAt > KEEP_ALIVE_MS) {
    out.write(': still here\n\n');
    stream.wroteAt = now;
  }
}
