import { type Answer, createHost, html, type Incoming, json, type Reply } from '../simulation/host.js';
import { createSwitches } from '../simulation/switches.js';
import { createMessages, type SentText } from './messages.js';
import { logPage } from './page.js';
import { acceptText, refusal } from './sms.js';

export interface VonageSimulatorOptions {
  readonly apiKey: string;
  readonly apiSecret: string;
  /** Where the log lives; in memory where null. */
  readonly dataDir?: string | null;
}

export interface VonageSimulator {
  /** Answers the base URL; port 0 takes any free one. */
  listen(port?: number, hostname?: string): Promise<string>;
  close(): Promise<void>;
  log(): SentText[];
}

/** Refusals to come: `throttle` with status 1, `reject` with `reject_status`. */
const NO_REFUSALS = { throttle: 0, reject: 0, reject_status: '7' };

/** Vonage's SMS API for development and tests; what it promises is in docs/simulators.md. */
export function createVonageSimulator({ apiKey, apiSecret, dataDir = null }: VonageSimulatorOptions): VonageSimulator {
  const messages = createMessages(dataDir);
  const switches = createSwitches();
  const account = { apiKey, apiSecret, messages, now: () => new Date() };
  let refusals = { ...NO_REFUSALS };

  async function sms(incoming: Incoming): Promise<Answer> {
    if (switches.take('drop', incoming)) return 'drop';
    if (switches.take('timeout_before', incoming)) return 'hang';
    if (switches.take('unavailable', incoming)) return json(503, { title: 'Service unavailable (simulated)' });
    if (switches.take('rate_limit', incoming)) return json(429, { title: 'Too many requests (simulated)' });
    if (switches.take('fail_500_before', incoming)) return json(500, { title: 'Internal error (simulated)' });
    await switches.delay(incoming);
    const reply = refused() ?? acceptText(account, incoming);
    if (switches.take('drop_after_commit', incoming)) return 'drop';
    if (switches.take('timeout_after_commit', incoming)) return 'hang';
    return switches.take('fail_500_after_commit', incoming)
      ? json(500, { title: 'Internal error (simulated)' })
      : reply;
  }

  function refused(): Reply | null {
    if (refusals.throttle > 0) {
      refusals.throttle -= 1;
      return refusal('1', 'Throughput Rate Exceeded');
    }
    if (refusals.reject === 0) return null;
    refusals.reject -= 1;
    return refusal(refusals.reject_status, 'Refused (simulated)');
  }

  function control({ method, path, body }: Incoming): Reply {
    if (method === 'GET' && (path === '/' || path === '/log'))
      return html(logPage(messages.newest(200), messages.counts()));
    if (method === 'GET' && path === '/log.json') return json(200, messages.all());
    if (method === 'GET' && path === '/health') return json(200, { status: 'ok' });
    if (method === 'GET' && path === '/test/switches') return json(200, { ...switches.current(), ...refusals });
    if (method === 'POST' && path === '/test/switches') return flip(bodyOf(body));
    if (method === 'POST' && path === '/test/reset') {
      switches.reset();
      refusals = { ...NO_REFUSALS };
      if (bodyOf(body)['state'] === true) messages.clear();
      return json(200, { reset: true });
    }
    return json(404, { title: 'Not found' });
  }

  function flip({ throttle, reject, reject_status: status, ...rest }: Record<string, unknown>): Reply {
    try {
      switches.set(rest);
    } catch (error) {
      return json(400, { title: error instanceof Error ? error.message : 'bad switch' });
    }
    refusals = {
      throttle: Number(throttle ?? refusals.throttle),
      reject: Number(reject ?? refusals.reject),
      reject_status: typeof status === 'string' ? status : refusals.reject_status,
    };
    return json(200, { ...switches.current(), ...refusals });
  }

  const host = createHost(async (incoming) =>
    incoming.method === 'POST' && incoming.path === '/sms/json' ? sms(incoming) : control(incoming),
  );

  return {
    listen: (port = 0, hostname = '127.0.0.1') => host.listen(port, hostname),
    async close() {
      await host.close();
      messages.close();
    },
    log: messages.all,
  };
}

function bodyOf(body: Buffer): Record<string, unknown> {
  const parsed: unknown = JSON.parse(body.length === 0 ? '{}' : body.toString('utf8'));
  return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
}
