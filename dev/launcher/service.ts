import type { Console } from './console.js';
import type { Profile } from './profile.js';
import type { RunBook } from './run-record.js';
import type { Supervisor } from './supervisor.js';

/** How a service can be had, in the order of preference. */
export const WAYS = ['environment', 'local', 'docker', 'build'] as const;
export type Way = (typeof WAYS)[number];

const PROGRESS_EVERY_MS = 20_000;

export interface Found {
  /** For people: where it came from, e.g. "redis-server on PATH". */
  readonly from: string;
  readonly version: string;
  /** For people; without credentials. */
  readonly address: string;
  /** What children need to use it. */
  readonly env: Readonly<Record<string, string>>;
}

export interface ServiceContext {
  readonly profile: Profile;
  readonly supervisor: Supervisor;
  readonly book: RunBook;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Tells what happens to this service. */
  readonly say: (text: string) => void;
}

export interface Service {
  readonly name: string;
  /** The variable whose presence means: it runs already, take it from here. */
  readonly variable: string;
  /** A way throws an Error whose message says why it does not work here. */
  readonly ways: Partial<Readonly<Record<Way, (context: ServiceContext) => Promise<Found>>>>;
  /** What to install or which variable to set. */
  readonly advice: string;
  /** What is lost without it; services without this are required. */
  readonly without?: string;
}

export interface Resolved {
  readonly name: string;
  readonly found?: Found;
  /** Why it could not be had. */
  readonly reason?: string;
}

/** Takes a service from the first way that works; says what was chosen and why. Never throws. */
export async function resolveService(
  service: Service,
  ways: readonly Way[],
  context: Omit<ServiceContext, 'say'>,
  console: Console,
): Promise<Resolved> {
  const say = (text: string): void => console.step(service.name, text);
  const started = performance.now();
  const reasons: string[] = [];
  for (const way of ways) {
    const attempt = service.ways[way] ?? (() => Promise.reject(new Error(`there is no ${way} way`)));
    const patience = setInterval(
      () => say(`still at it, ${Math.round((performance.now() - started) / 1000)} s`),
      PROGRESS_EVERY_MS,
    );
    try {
      if (way === 'environment' && !isSet(service, context.env)) throw new Error(`${service.variable} is not set`);
      const found = await attempt({ ...context, say });
      const why = reasons.length === 0 ? '' : ` (because ${reasons.join('; ')})`;
      say(`ready in ${((performance.now() - started) / 1000).toFixed(1)} s: ${found.from}, ${found.version}${why}`);
      return { name: service.name, found };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      reasons.push(reason.split('\n')[0] ?? way);
      say(`not by ${way}: ${reason}`);
    } finally {
      clearInterval(patience);
    }
  }
  return { name: service.name, reason: `${service.name} cannot be had (${reasons.join('; ')}): ${service.advice}` };
}

/**
 * The ways to try, in order. PERDURE_SERVICES is one way for all that have it (`docker`), or one for some
 * (`redis=docker,postgres=local`).
 */
export function waysFor(
  service: Pick<Service, 'name' | 'variable' | 'ways'>,
  env: ServiceContext['env'],
): readonly Way[] {
  const forced = forcedWay(service, env['PERDURE_SERVICES'] ?? '');
  if (forced !== undefined) return [forced];
  return WAYS.filter((way) => service.ways[way] !== undefined && (way !== 'environment' || isSet(service, env)));
}

const isSet = ({ variable }: Pick<Service, 'variable'>, env: ServiceContext['env']): boolean =>
  env[variable] !== undefined && env[variable] !== '';

function forcedWay({ name, ways }: Pick<Service, 'name' | 'ways'>, setting: string): Way | undefined {
  let forAll: Way | undefined;
  let forThis: Way | undefined;
  for (const part of setting.split(',').map((text) => text.trim())) {
    if (part === '') continue;
    const [first = '', second] = part.split('=');
    const way = WAYS.find((candidate) => candidate === (second ?? first));
    if (way === undefined)
      throw new Error(`PERDURE_SERVICES takes ${WAYS.join(', ')}, or service=way pairs, not "${part}"`);
    if (second === undefined) forAll = way;
    else if (first === name) forThis = way;
  }
  // The simulators run on this machine, whatever the rest does.
  return forThis ?? (forAll !== undefined && ways[forAll] !== undefined ? forAll : undefined);
}
