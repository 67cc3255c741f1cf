import { Client, Connection, WorkflowNotFoundError } from '@temporalio/client';

export interface Mail {
  readonly subject: string;
  readonly text: string;
  /** Without brackets and domain. */
  readonly messageId: string;
}

export interface Text {
  readonly to: string;
  readonly text: string;
}

/** What the payment provider has written down for one payment; minor units. */
export interface Payment {
  readonly intent: string;
  readonly authorised: number;
  readonly captured: number;
  readonly refunded: number;
  /** Authorised and neither captured nor given back. */
  readonly held: number;
  /** Captured minus refunded. */
  readonly net: number;
  readonly captures: number;
}

export interface FlowState {
  readonly status: string;
  /** Of a completed flow. */
  readonly result: unknown;
}

/** The other sides: what left the shop, as those who got it see it. */
export interface Outside {
  mailsTo(address: string): Promise<Mail[]>;
  textsTo(phone: string): Promise<Text[]>;
  /** Payments of a checkout that moved money, or held it. */
  paymentsOf(checkoutId: string): Promise<Payment[]>;
  /** The status of a payment at the provider. */
  intentStatus(intentId: string): Promise<string>;
  flow(workflowId: string): Promise<FlowState>;
  /** The ids of an order's flows, by search attribute. */
  flowsOfOrder(orderId: string): Promise<string[]>;
  close(): Promise<void>;
}

type Environment = Readonly<Record<string, string | undefined>>;

const ABSENT = 'ABSENT';

export async function connectOutside(env: Environment): Promise<Outside> {
  const need = (name: string): string => {
    const value = env[name];
    if (value === undefined || value === '') throw new Error(`${name} is not set: this cannot be checked`);
    return value;
  };
  const namespace = env['TEMPORAL_NAMESPACE'] ?? 'default';
  const connection = await Connection.connect({ address: need('TEMPORAL_ADDRESS') });
  const { workflow: flows } = new Client({ connection, namespace });

  return {
    async mailsTo(address) {
      const found = await read<RawMail[]>(`${need('INBOX_URL')}/api/email?to.address=${encodeURIComponent(address)}`);
      return found.map(({ subject, text, headers }) => ({
        subject,
        text: text ?? '',
        messageId: /^<(.+)@[^@]*>$/.exec(headers['message-id'] ?? '')?.[1] ?? '',
      }));
    },
    async textsTo(phone) {
      const all = await read<Text[]>(`${need('SMS_LOG_URL')}/log.json`);
      return all.filter(({ to }) => `+${to}` === phone);
    },
    async paymentsOf(checkoutId) {
      const { intents } = await read<{ intents: RawPayment[] }>(`${need('STRIPE_LEDGER_URL')}/ledger.json`);
      return intents.filter(({ metadata }) => metadata['checkout_id'] === checkoutId);
    },
    async intentStatus(intentId) {
      const { status } = await read<{ status: string }>(
        `${env['STRIPE_API_URL'] || 'https://api.stripe.com'}/v1/payment_intents/${encodeURIComponent(intentId)}`,
        { Authorization: `Bearer ${need('STRIPE_SECRET_KEY')}` },
      );
      return status;
    },
    async flow(workflowId) {
      const handle = flows.getHandle(workflowId);
      try {
        const { status } = await handle.describe();
        return { status: status.name, result: status.name === 'COMPLETED' ? await handle.result() : null };
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return { status: ABSENT, result: null };
        throw error;
      }
    },
    async flowsOfOrder(orderId) {
      const ids: string[] = [];
      for await (const { workflowId } of flows.list({ query: `OrderId = '${orderId}'` })) ids.push(workflowId);
      return ids;
    },
    close: () => connection.close(),
  };
}

interface RawMail {
  readonly subject: string;
  readonly text?: string;
  readonly headers: Readonly<Record<string, string>>;
}

interface RawPayment extends Payment {
  readonly metadata: Readonly<Record<string, string>>;
}

async function read<T>(url: string, headers: Readonly<Record<string, string>> = {}): Promise<T> {
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(10_000) });
  if (!response.ok) throw new Error(`GET ${url} answered ${response.status}`);
  return (await response.json()) as T;
}
