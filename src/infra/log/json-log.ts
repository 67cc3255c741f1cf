import { pino, type DestinationStream } from 'pino';
import type { Log, LogFields } from '../../domain/kernel/log.js';
import { redact, redactText } from './redact.js';

export interface LogOptions {
  /** The process: `api`, `worker`. */
  readonly service: string;
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** Standard output unless a test wants to read the lines. */
  readonly destination?: DestinationStream;
}

/** One JSON object a line: timestamp, level, service, request_id, user_id, workflow_id, message, context. */
export function createLog({ service, level, destination }: LogOptions): Log {
  const options = {
    level,
    base: { service },
    messageKey: 'message',
    timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const logger = destination === undefined ? pino(options) : pino(options, destination);
  const bound = (fixed: LogFields): Log => {
    const write = (at: 'debug' | 'info' | 'warn' | 'error') => (fields: LogFields, message: string) => {
      if (logger.isLevelEnabled(at)) logger[at](shape({ ...fixed, ...fields }), redactText(message));
    };
    return {
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
      child: (fields) => bound({ ...fixed, ...fields }),
    };
  };
  return bound({});
}

function shape({ request_id, user_id, workflow_id, ...rest }: LogFields): Record<string, unknown> {
  const ids = { request_id, user_id, workflow_id };
  const known = Object.entries(ids).filter(([, id]) => id !== undefined && id !== null);
  return { ...Object.fromEntries(known), ...(Object.keys(rest).length === 0 ? {} : { context: redact(rest) }) };
}
