import { context, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { Resource } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  NodeTracerProvider,
  type ReadableSpan,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-node';
import { OpenTelemetryPlugin } from '@temporalio/interceptors-opentelemetry';
import type { SeenRequest, WatchRequest } from '../../api/ports.js';
import type { DatabaseWatch } from '../db/watch-statements.js';

export interface TracesOptions {
  /** The process: `api`, `worker`. */
  readonly service: string;
  /** Of the collector, without a path: spans go to `/v1/traces` below it. */
  readonly endpoint: string;
}

export interface Traces {
  readonly watchRequest: WatchRequest;
  readonly watchDatabase: DatabaseWatch;
  /** For Temporal's client and worker: carries the trace through flows into their activities. */
  readonly plugin: OpenTelemetryPlugin;
  /** Sends what is left. */
  close(): Promise<void>;
}

/**
 * One trace from a request through its flow and activities to PostgreSQL. Loaded only where traces are wanted: it sets
 * OpenTelemetry's globals, once in a process. Spans carry ids, names and codes: no values, messages or addresses.
 */
export function createTraces({ service, endpoint }: TracesOptions): Traces {
  const resource = new Resource({ 'service.name': `perdure-${service}` });
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, '')}/v1/traces` });
  const spanProcessor = discreet(new BatchSpanProcessor(exporter));
  const provider = new NodeTracerProvider({ resource, spanProcessors: [spanProcessor] });
  provider.register();
  const tracer = trace.getTracer('perdure');

  return {
    async watchRequest(request, answer) {
      const caller = propagation.extract(ROOT_CONTEXT, request, traceparent);
      const attributes = { 'http.request.method': request.method, 'perdure.request_id': request.requestId };
      const span = tracer.startSpan(request.method, { kind: SpanKind.SERVER, attributes }, caller);
      try {
        await context.with(trace.setSpan(caller, span), async () => {
          const { operation, status } = await answer();
          span.updateName(`${request.method} ${operation}`);
          span.setAttributes({ 'perdure.operation': operation, 'http.response.status_code': status });
          if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
        });
      } finally {
        span.end();
      }
    },

    watchDatabase: {
      statement(verb) {
        // What polls, such as the relay, would make a trace of each look.
        if (trace.getActiveSpan() === undefined) return ignore;
        const attributes = { 'db.system.name': 'postgresql', 'db.operation.name': verb };
        const span = tracer.startSpan(`sql ${verb}`, { kind: SpanKind.CLIENT, attributes });
        return (failed) => {
          if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
          span.end();
        };
      },
    },

    plugin: new OpenTelemetryPlugin({ resource, spanProcessor, tracer }),
    close: () => provider.shutdown(),
  };
}

const ignore = (): void => undefined;

/** A caller's trace goes on here. Its baggage does not: it could hold anything, and would reach histories. */
const traceparent = {
  keys: () => ['traceparent'],
  get: (request: SeenRequest, name: string) => (name === 'traceparent' ? request.header(name) || undefined : undefined),
};

/** Errors are told by their type alone: their messages are drivers' and providers', and may quote people. */
function discreet(inner: SpanProcessor): SpanProcessor {
  return {
    onStart: (span, parent) => inner.onStart(span, parent),
    onEnd: (span) => inner.onEnd(withoutMessages(span)),
    forceFlush: () => inner.forceFlush(),
    shutdown: () => inner.shutdown(),
  };
}

function withoutMessages(span: ReadableSpan): ReadableSpan {
  const events = span.events.map((event) => ({
    ...event,
    attributes: { 'exception.type': event.attributes?.['exception.type'] },
  }));
  return Object.create(span, {
    events: { value: events },
    status: { value: { code: span.status.code } },
  }) as ReadableSpan;
}
