import type { Incoming } from './host.js';

/** Faults that are used up one request at a time. */
export const COUNTED = [
  'drop',
  'drop_after_commit',
  'timeout_before',
  'timeout_after_commit',
  'fail_500_before',
  'fail_500_after_commit',
  'unavailable',
  'rate_limit',
] as const;
export type CountedFault = (typeof COUNTED)[number];

export interface FaultSwitches extends Record<CountedFault, number> {
  latency_ms: number;
  /** Added to the latency at random, up to this many. */
  jitter_ms: number;
  /** Which requests they apply to; all, where null. */
  only: { path?: string; method?: string } | null;
}

const OFF: FaultSwitches = {
  latency_ms: 0,
  jitter_ms: 0,
  only: null,
  drop: 0,
  drop_after_commit: 0,
  timeout_before: 0,
  timeout_after_commit: 0,
  fail_500_before: 0,
  fail_500_after_commit: 0,
  unavailable: 0,
  rate_limit: 0,
};

export interface Switches {
  current(): FaultSwitches;
  /** Changes those that are named; refuses unknown names and wrong kinds. */
  set(patch: Readonly<Record<string, unknown>>): void;
  reset(): void;
  /** Uses up one fault of this kind, if there is one for the request. */
  take(fault: CountedFault, incoming: Incoming): boolean;
  delay(incoming: Incoming): Promise<void>;
}

export function createSwitches(): Switches {
  let state = { ...OFF };

  const matches = ({ method, path }: Incoming): boolean =>
    state.only === null ||
    ((state.only.method === undefined || state.only.method.toUpperCase() === method) &&
      (state.only.path === undefined || new RegExp(state.only.path).test(path)));

  return {
    current: () => ({ ...state }),
    set(patch) {
      const next: Record<string, unknown> = { ...state };
      for (const [name, value] of Object.entries(patch)) {
        if (!(name in OFF)) throw new Error(`unknown switch: ${name}`);
        next[name] = name === 'only' ? checkedOnly(value) : checkedCount(name, value);
      }
      state = next as unknown as FaultSwitches;
    },
    reset() {
      state = { ...OFF };
    },
    take(fault, incoming) {
      if (state[fault] <= 0 || !matches(incoming)) return false;
      state[fault] -= 1;
      return true;
    },
    async delay(incoming) {
      if (!matches(incoming)) return;
      const ms = state.latency_ms + Math.random() * state.jitter_ms;
      if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
    },
  };
}

function checkedCount(name: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0)
    throw new Error(`${name} must be a whole number, 0 or more`);
  return value;
}

function checkedOnly(value: unknown): FaultSwitches['only'] {
  if (value === null) return null;
  if (typeof value !== 'object') throw new Error('only must be null or {path, method}');
  const { path, method } = value as { path?: unknown; method?: unknown };
  if (typeof path === 'string') new RegExp(path);
  else if (path !== undefined) throw new Error('only.path must be a regular expression');
  if (method !== undefined && typeof method !== 'string') throw new Error('only.method must be a string');
  return { ...(path === undefined ? {} : { path }), ...(method === undefined ? {} : { method }) };
}
