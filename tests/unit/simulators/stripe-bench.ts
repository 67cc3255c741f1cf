import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Stripe from 'stripe';
import {
  createStripeSimulator,
  type StripeSimulator,
  type StripeSimulatorOptions,
} from '../../../dev/stripe/simulator.js';

export const SECRET_KEY = 'sk_test_bench';
export const WEBHOOK_SECRET = 'whsec_bench';

export interface StripeBench {
  readonly url: string;
  readonly simulator: StripeSimulator;
  readonly stripe: Stripe;
  /** Posts JSON to one of the simulator's own endpoints. */
  post(path: string, body?: object): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

/** A simulator of its own with the official SDK in front. */
export async function startStripe(options: Partial<StripeSimulatorOptions> = {}): Promise<StripeBench> {
  const simulator = createStripeSimulator({ secretKey: SECRET_KEY, ...options });
  const url = await simulator.listen();
  return {
    url,
    simulator,
    stripe: sdk(url),
    post: (path, body) => post(url, path, body),
    close: () => simulator.close(),
  };
}

export function sdk(url: string, key = SECRET_KEY): Stripe {
  const { hostname, port } = new URL(url);
  return new Stripe(key, {
    host: hostname,
    port,
    protocol: 'http',
    maxNetworkRetries: 0,
    timeout: 2_000,
    telemetry: false,
  });
}

export async function post(url: string, path: string, body: object = {}): Promise<Record<string, unknown>> {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Record<string, unknown>;
}

/** The parameters of a card payment that is held first. */
export const held = (
  paymentMethod: string,
  rest: Partial<Stripe.PaymentIntentCreateParams> = {},
): Stripe.PaymentIntentCreateParams => ({
  amount: 4200,
  currency: 'usd',
  allowed_payment_method_types: ['card'],
  capture_method: 'manual',
  confirm: true,
  payment_method: paymentMethod,
  ...rest,
});

/** The SDK's error of a call that must fail. */
export async function failure(call: Promise<unknown>): Promise<InstanceType<typeof Stripe.errors.StripeError>> {
  const error: unknown = await call.then(
    () => new Error('the call succeeded'),
    (reason: unknown) => reason,
  );
  if (error instanceof Stripe.errors.StripeError) return error;
  throw error;
}

export interface Received {
  readonly event: Stripe.Event;
  readonly signature: string;
  readonly body: string;
}

export interface Receiver {
  readonly url: string;
  readonly received: Received[];
  /** The next so many deliveries get this status. */
  refuse(times: number, status: number): void;
  /** Resolves once so many have been taken. */
  until(count: number): Promise<void>;
  close(): Promise<void>;
}

/** An endpoint for webhooks. */
export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  const refusals: number[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const refused = refusals.shift();
      response.writeHead(refused ?? 200).end();
      if (refused !== undefined) return;
      const body = Buffer.concat(chunks).toString('utf8');
      received.push({
        event: JSON.parse(body) as Stripe.Event,
        signature: String(request.headers['stripe-signature']),
        body,
      });
      for (const each of waiting) if (received.length >= each.count) each.resolve();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    refuse: (times, status) => void refusals.push(...Array.from({ length: times }, () => status)),
    until: (count) =>
      received.length >= count ? Promise.resolve() : new Promise((resolve) => waiting.push({ count, resolve })),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
