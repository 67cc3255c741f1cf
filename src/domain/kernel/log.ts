/** `request_id`, `user_id` and `workflow_id` stand beside the message, the rest below `context`; `error` may be an Error. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Ids, codes and numbers only. What looks personal or secret is masked, but that is the second fence. */
export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** A log that adds these fields to every line. */
  child(fields: LogFields): Log;
}
