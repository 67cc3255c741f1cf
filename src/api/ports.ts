/** A service that this process depends on. */
export interface HealthProbe {
  readonly name: string;
  /** Without it nothing works; without the others there is less. */
  readonly required: boolean;
  /** Resolves when the service answers; throws otherwise. */
  check(): Promise<void>;
}

export interface SeenRequest {
  /** Of HTTP; what is none of them is `other`. */
  readonly method: string;
  readonly requestId: string;
  /** Empty where it was not sent. */
  header(name: string): string;
}

export interface AnsweredRequest {
  /** The operation id; `unknown` where the address has none. */
  readonly operation: string;
  readonly status: number;
}

/** Stands around every request: it must call `answer`, once. For figures and traces. */
export type WatchRequest = (request: SeenRequest, answer: () => Promise<AnsweredRequest>) => Promise<void>;

/** The figures of this process, as they are now. */
export interface MetricsText {
  readonly contentType: string;
  text(): Promise<string>;
}
