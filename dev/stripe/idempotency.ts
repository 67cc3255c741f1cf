import { createHash } from 'node:crypto';
import type { Incoming, Reply } from '../simulation/host.js';
import { StripeFault } from './fault.js';
import type { Store } from './store.js';

/** Keys are forgotten after this long. */
const KEPT_MS = 24 * 3_600_000;

export interface KeptReply {
  readonly reply: Reply;
  readonly request: string;
}

/** Stripe's rules for keys: the first request's answer is kept, whether it succeeded or failed. */
export function createIdempotency(store: Store, now: () => Date) {
  const inFlight = new Set<string>();

  return {
    /** The kept answer; null where the key is new. Throws where it is in use or came with other parameters. */
    find(key: string, incoming: Incoming): KeptReply | null {
      if (inFlight.has(key))
        throw new StripeFault(
          409,
          {
            type: 'idempotency_error',
            code: 'idempotency_key_in_use',
            message:
              `There is currently another in-progress request using this Stripe Idempotent Key: ${key}. ` +
              'If you are confident that the other request has completed, retry with the same key.',
          },
          false,
        );
      const oldest = now().getTime() - KEPT_MS;
      const kept = store.row(
        'select fingerprint, status, body, request from keys where key = ? and at >= ?',
        key,
        oldest,
      );
      if (kept === undefined) return null;
      if (kept['fingerprint'] !== fingerprintOf(incoming))
        throw new StripeFault(
          400,
          {
            type: 'idempotency_error',
            message:
              'Keys for idempotent requests can only be used with the same parameters they were first used with. ' +
              `Try using a key other than '${key}' if you meant to execute a different request.`,
          },
          false,
        );
      return {
        reply: { status: Number(kept['status']), body: String(kept['body']) },
        request: String(kept['request']),
      };
    },
    begin: (key: string): void => void inFlight.add(key),
    end: (key: string): void => void inFlight.delete(key),
    /** Called inside the transaction of the request itself. */
    keep(key: string, incoming: Incoming, reply: Reply, request: string): void {
      store.run(
        'insert or replace into keys (key, at, fingerprint, status, body, request) values (?, ?, ?, ?, ?, ?)',
        key,
        now().getTime(),
        fingerprintOf(incoming),
        reply.status,
        reply.body,
        request,
      );
    },
    purge: (): void => void store.run('delete from keys where at < ?', now().getTime() - KEPT_MS),
    forget: (): number => store.run('delete from keys'),
  };
}

function fingerprintOf({ method, path, body }: Incoming): string {
  const params = new URLSearchParams(body.toString('utf8'));
  params.sort();
  return createHash('sha256').update(`${method} ${path}\n${params.toString()}`).digest('hex');
}
