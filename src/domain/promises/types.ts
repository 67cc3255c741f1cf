/** The promises of the design, and what else must be at rest. */
export type Promised = 'stock' | 'money' | 'one' | 'undo' | 'say it once' | 'rest';

/** What does not hold, and the rows, payments or flows to look at. */
export interface Breach {
  readonly what: string;
  readonly ids: Readonly<Record<string, string>>;
}

export interface CheckResult {
  readonly promise: Promised;
  readonly check: string;
  /** How many were looked at: a check that looked at nothing proves nothing. */
  readonly looked: number;
  readonly breached: number;
  /** The first ones, with their ids. */
  readonly breaches: readonly Breach[];
  /** What is no breach and worth knowing. */
  readonly note?: string;
}

export interface AuditScope {
  /** Checkouts that moved more recently than this are left out. Milliseconds; 0 looks at everything. */
  readonly settledForMs: number;
}
