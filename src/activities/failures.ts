import { asyncLocalStorage } from '@temporalio/activity';
import {
  ApplicationFailure,
  ApplicationFailureCategory,
  CompleteAsyncError,
  TemporalFailure,
} from '@temporalio/common';
import { DomainError, type ErrorCode } from '../domain/kernel/errors.js';
import { DeliveryError } from '../domain/notifications/index.js';

/** The types of retryable failures, as operators see them. */
export type OutageCode =
  | 'database_unavailable'
  | 'database_error'
  | 'provider_unavailable'
  | 'mail_unavailable'
  | 'sms_unavailable'
  | 'search_unavailable'
  | 'internal';

export interface FailureLog {
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

export interface RefusingOptions {
  readonly log: FailureLog;
  /** What is down when neither the database nor our own code is to blame. */
  readonly outage?: OutageCode;
}

type Activity = (...args: never[]) => Promise<unknown>;

/** These refusals pass with time: the activity is tried again. */
const PASSING: ReadonlySet<ErrorCode> = new Set([
  'temporarily_unavailable',
  'request_timeout',
  'rate_limited',
  'internal',
]);

/**
 * Wraps activities at the edge to Temporal. A DomainError becomes a non-retryable ApplicationFailure whose type is its code
 * and whose only detail is its data (ids and numbers). Any other error becomes a retryable one that carries a code alone, as
 * drivers put statements and e-mail addresses into theirs. Cancellation passes through.
 */
export function refusing<A extends { readonly [name in keyof A]: Activity }>(
  activities: A,
  options: RefusingOptions,
): A {
  const wrapped = Object.entries(activities as Record<string, Activity>).map(([name, activity]) => [
    name,
    async (...args: never[]) => {
      try {
        return await activity(...args);
      } catch (error) {
        throw translate(error, name, options);
      }
    },
  ]);
  return Object.fromEntries(wrapped) as A;
}

function translate(
  error: unknown,
  activity: string,
  { log, outage = 'provider_unavailable' }: RefusingOptions,
): unknown {
  if (error instanceof TemporalFailure || error instanceof CompleteAsyncError) return error;
  if (error instanceof DomainError) {
    const passing = PASSING.has(error.code);
    return ApplicationFailure.create({
      message: error.message,
      type: error.code,
      nonRetryable: !passing,
      details: [error.data],
      ...(passing ? {} : { category: ApplicationFailureCategory.BENIGN }),
    });
  }
  const code = classify(error, outage);
  const fields = { ...context(), activity, code, ...traits(error) };
  if (code === 'internal' || code === 'database_error') log.error(fields, 'activity failed');
  else log.warn(fields, 'activity failed, will be tried again');
  return ApplicationFailure.retryable(`${activity}: ${code}`, code);
}

const SQLSTATE = /^[0-9A-Z]{5}$/;
/** Classes of SQLSTATE that speak of the server's state and not of the statement. */
const SERVER_STATE = /^(08|25P0|40|53|55P03|57|58)/;
/** MikroORM's; vendors' connection errors end in `Error`. */
const DATABASE_NAME = /^(Driver|Server|Connection|\w*Constraint|Deadlock|LockWait)\w*Exception$/;
const BUGS: ReadonlySet<string> = new Set([
  'TypeError',
  'RangeError',
  'ReferenceError',
  'SyntaxError',
  'ZodError',
  'AssertionError',
]);

function classify(error: unknown, outage: OutageCode): OutageCode {
  if (!(error instanceof Error)) return 'internal';
  if (error instanceof DeliveryError) return `${error.channel}_unavailable`;
  const chain = causes(error);
  const states = chain.map(codeOf).filter((code) => code !== undefined && SQLSTATE.test(code) && /\d/.test(code));
  if (states.some((state) => SERVER_STATE.test(state as string))) return 'database_unavailable';
  if (states.length > 0) return 'database_error';
  if (chain.some((each) => DATABASE_NAME.test(each.constructor.name) || isPoolTimeout(each)))
    return 'database_unavailable';
  // fetch reports a refused connection as a TypeError with a cause
  if (BUGS.has(error.constructor.name) && codeOf(error.cause) === undefined) return 'internal';
  return outage;
}

/** pg ends waits for a connection with plain errors that have only a message. */
const isPoolTimeout = (error: Error): boolean =>
  /^(timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error)/.test(
    error.message,
  );

function causes(error: Error): Error[] {
  const chain: Error[] = [];
  for (let each: unknown = error; each instanceof Error && chain.length < 5; each = each.cause) chain.push(each);
  return chain;
}

function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  return typeof code === 'string' && /^[\w.-]{1,64}$/.test(code) ? code : undefined;
}

/** What may be logged of an error: class, code, constraint and frames; its message may hold personal data. */
function traits(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { error: typeof error };
  const constraint = (error as { constraint?: unknown }).constraint;
  return {
    error: error.constructor.name,
    error_code: causes(error)
      .map(codeOf)
      .find((code) => code !== undefined),
    constraint: typeof constraint === 'string' ? constraint : undefined,
    frames: error.stack
      ?.split('\n')
      .filter((line) => /^\s+at /.test(line))
      .slice(0, 6)
      .map((line) => line.trim()),
  };
}

function context(): Record<string, unknown> {
  const info = asyncLocalStorage.getStore()?.info;
  return info === undefined ? {} : { workflow_id: info.workflowExecution?.workflowId, attempt: info.attempt };
}
