/** A service that this process depends on. */
export interface HealthProbe {
  readonly name: string;
  /** Without it nothing works; without the others there is less. */
  readonly required: boolean;
  /** Resolves when the service answers; throws otherwise. */
  check(): Promise<void>;
}
