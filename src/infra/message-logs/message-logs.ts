import type { MessageLog } from '../../domain/promises/ports.js';

const PAGE = 500;

interface Mail {
  readonly headers: Readonly<Record<string, string>>;
  readonly time: string;
}

/** What arrived in development's inbox: maildev's list. */
export const createInboxLog = (url: string): MessageLog => ({
  channel: 'email',
  async read() {
    const log = createCounts();
    for (let skip = 0; ; skip += PAGE) {
      const mails = await read<readonly Mail[]>(`${url}/api/email?sort=asc&skip=${skip}&limit=${PAGE}`);
      for (const { headers, time } of mails)
        log.add(/^<(.+)@[^@]*>$/.exec(headers['message-id'] ?? '')?.[1] ?? '', new Date(time));
      if (mails.length < PAGE) return log.counted();
    }
  },
});

/** What the simulator of the SMS provider accepted. */
export const createTextLog = (url: string): MessageLog => ({
  channel: 'sms',
  async read() {
    const log = createCounts();
    for (const { client_ref: ref, at } of await read<readonly { client_ref: string | null; at: string }[]>(
      `${url}/log.json`,
    ))
      log.add(ref ?? '', new Date(at));
    return log.counted();
  },
});

function createCounts() {
  const times = new Map<string, number>();
  let since: Date | null = null;
  return {
    add(id: string, at: Date): void {
      times.set(id, (times.get(id) ?? 0) + 1);
      if (since === null || at < since) since = at;
    },
    counted: () => ({ times, since }),
  };
}

async function read<T>(url: string): Promise<T> {
  const response = await fetch(url, { signal: AbortSignal.timeout(30_000) });
  if (!response.ok) throw new Error(`GET ${new URL(url).pathname} answered ${response.status}`);
  return (await response.json()) as T;
}
