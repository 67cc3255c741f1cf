import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import Stripe from 'stripe';

export interface StripeConnection {
  readonly secretKey: string;
  /** Another host than Stripe's own, e.g. a simulator: `http://127.0.0.1:12111`. */
  readonly apiUrl?: string | undefined;
  /** Must end before the activity around the call does. */
  readonly timeoutMs: number;
}

type NodeClient = ReturnType<typeof Stripe.createNodeHttpClient>;

/** The SDK without retries of its own: repeating is the caller's, who knows what may have happened. */
export function createClient({ secretKey, apiUrl, timeoutMs }: StripeConnection): Stripe {
  const url = apiUrl === undefined ? null : new URL(apiUrl);
  const protocol = url?.protocol === 'http:' ? 'http' : 'https';
  // The agent's time-out also covers connecting, which the SDK's does not.
  const options = { keepAlive: true, timeout: timeoutMs };
  const agent = protocol === 'http' ? new HttpAgent(options) : new HttpsAgent(options);
  return new Stripe(secretKey, {
    ...(url === null ? {} : { host: url.hostname, port: url.port || (protocol === 'http' ? 80 : 443), protocol }),
    httpClient: withoutHiddenRetry(Stripe.createNodeHttpClient(agent)),
    maxNetworkRetries: 0,
    telemetry: false,
    timeout: timeoutMs,
  });
}

/** The SDK repeats a request whose connection was closed, even with retries off, if it knows the error's code. */
function withoutHiddenRetry(client: NodeClient): NodeClient {
  const send = client.makeRequest.bind(client);
  client.makeRequest = async (...request) => {
    try {
      return await send(...request);
    } catch (error) {
      if (isClosed(error)) throw Object.assign(new Error('connection closed'), { code: 'CONNECTION_CLOSED' });
      throw error;
    }
  };
  return client;
}

function isClosed(error: unknown): boolean {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && Stripe.HttpClient.CONNECTION_CLOSED_ERROR_CODES.includes(code);
}
