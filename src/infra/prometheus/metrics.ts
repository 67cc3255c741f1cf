import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { MetricsText, WatchRequest } from '../../api/ports.js';
import type { OutboxLag } from '../../domain/outbox/ports.js';
import type { Flows } from '../../workflows/contracts.js';
import type { DatabaseWatch, PoolCounts } from '../db/watch-statements.js';

export interface MetricsOptions {
  /** The process: `api`, `worker`. A label of all its figures. */
  readonly service: string;
  /** Figures of others that are told with ours, such as the SDK's own; empty while they cannot be had. */
  readonly also?: () => Promise<string>;
}

/** The figures of one process, and where they are taken. */
export interface Metrics extends MetricsText {
  readonly watchRequest: WatchRequest;
  readonly watchDatabase: DatabaseWatch;
  /** The same flows, counted as they are started. */
  countStarts(flows: Flows): Flows;
  /** The same cache, with its hits and misses counted. */
  countHits<C extends { read(key: string): Promise<unknown> }>(cache: string, inner: C): C;
  /** Looks whenever the figures are asked for. */
  gaugeOutbox(look: () => Promise<OutboxLag>): void;
}

const REQUEST_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const STATEMENT_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5];

/** Figures for Prometheus. Labels are names that our code knows: never an id, an address or anything a client sent. */
export function createMetrics({ service, also = async () => '' }: MetricsOptions): Metrics {
  const register = new Registry();
  register.setDefaultLabels({ service });
  collectDefaultMetrics({ register });
  const registers = [register];

  const requests = new Histogram({
    name: 'perdure_http_request_duration_seconds',
    help: 'Requests, until their answer began',
    labelNames: ['operation', 'method', 'status'],
    buckets: REQUEST_SECONDS,
    registers,
  });
  const statements = new Histogram({
    name: 'perdure_sql_statement_duration_seconds',
    help: 'Statements sent to PostgreSQL',
    labelNames: ['statement', 'outcome'],
    buckets: STATEMENT_SECONDS,
    registers,
  });
  const starts = new Counter({
    name: 'perdure_flow_starts_total',
    help: 'Flows asked of Temporal; an id that exists already counts as started',
    labelNames: ['flow', 'outcome'],
    registers,
  });
  const outcomes = new Counter({
    name: 'perdure_checkout_outcomes_total',
    help: 'What checkouts had come to when their request was answered',
    labelNames: ['outcome'],
    registers,
  });
  const reads = new Counter({
    name: 'perdure_cache_reads_total',
    help: 'Reads of caches',
    labelNames: ['cache', 'outcome'],
    registers,
  });

  return {
    contentType: register.contentType,
    text: async () => [await register.metrics(), await also().catch(() => '')].join('\n'),

    async watchRequest({ method }, answer) {
      const end = requests.startTimer();
      const { operation, status } = await answer();
      end({ operation, method, status });
    },

    watchDatabase: {
      statement(verb) {
        const end = statements.startTimer({ statement: verb });
        return (failed) => void end({ outcome: failed ? 'failed' : 'ok' });
      },
      pool: (counts) => gaugePool(counts, registers),
    },

    countStarts: (flows) => ({
      ...flows,
      async start(flow, ...rest) {
        try {
          await flows.start(flow, ...rest);
          starts.inc({ flow, outcome: 'started' });
        } catch (error) {
          starts.inc({ flow, outcome: 'failed' });
          throw error;
        }
      },
      async checkoutOutcome(...args) {
        const answer = await flows.checkoutOutcome(...args);
        starts.inc({ flow: 'checkout', outcome: answer.kind === 'outcome' ? 'started' : 'undecided' });
        outcomes.inc({ outcome: answer.kind === 'outcome' ? answer.outcome.status : 'undecided' });
        return answer;
      },
    }),

    countHits: (cache, inner) => ({
      ...inner,
      async read(key: string) {
        const found = await inner.read(key);
        reads.inc({ cache, outcome: found === null ? 'miss' : 'hit' });
        return found;
      },
    }),

    gaugeOutbox(look) {
      const oldest = new Gauge({
        name: 'perdure_outbox_oldest_seconds',
        help: 'How long the oldest message of the outbox has waited',
        registers,
      });
      new Gauge({
        name: 'perdure_outbox_waiting',
        help: 'Messages of the outbox that no flow was started for yet',
        registers,
        async collect() {
          const lag = await look().catch(() => null);
          // no figure rather than a wrong one
          this.remove();
          oldest.remove();
          if (lag === null) return;
          this.set(lag.waiting);
          oldest.set(lag.oldestSeconds);
        },
      });
    },
  };
}

function gaugePool(pool: PoolCounts, registers: Registry[]): void {
  new Gauge({
    name: 'perdure_sql_pool_connections',
    help: 'Connections to PostgreSQL, and who waits for one',
    labelNames: ['state'],
    registers,
    collect() {
      this.set({ state: 'busy' }, pool.totalCount - pool.idleCount);
      this.set({ state: 'idle' }, pool.idleCount);
      this.set({ state: 'waited_for' }, pool.waitingCount);
    },
  });
}
