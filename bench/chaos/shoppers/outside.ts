import { setTimeout as sleep } from 'node:timers/promises';
import type { Outside } from './visit.js';

const ANSWER_WITHIN_MS = 15_000;
const AGAIN_MS = 1_000;
const PATIENCE_MS = 90_000;

interface Mail {
  readonly subject: string;
  readonly text?: string;
  readonly time: string;
}

/** The bank's page and the shopper's own inbox, which may be away as well. */
export function connectOutside(env: Readonly<Record<string, string>>): Outside {
  const { STRIPE_API_URL: bank = '', INBOX_URL: inbox = '' } = env;
  return {
    async authenticate(intentId) {
      const url = `${bank}/test/payment_intents/${intentId}/authenticate`;
      for (const until = Date.now() + PATIENCE_MS; Date.now() < until; await sleep(AGAIN_MS)) {
        const answer = await fetch(url, {
          ...{ method: 'POST', body: '{}' },
          signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
        }).catch(() => null);
        await answer?.text().catch(() => undefined);
        if (answer !== null && answer.status < 500) return answer.ok;
      }
      return false;
    },
    async mailTo(address, subject) {
      try {
        const url = `${inbox}/api/email?to.address=${encodeURIComponent(address)}`;
        const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
        if (!answer.ok) return null;
        const mails = ((await answer.json()) as Mail[]).filter((mail) => mail.subject === subject);
        return mails.toSorted((a, b) => (a.time < b.time ? 1 : -1))[0]?.text ?? null;
      } catch {
        return null;
      }
    },
  };
}
