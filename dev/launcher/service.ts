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
  context: Omit<ServiceContext, 'say'>,
  console: Console,
): Promise<Resolved> {
  const say = (text: string): void => console.step(service.name, text);
  const started = performance.now();
  const reasons: string[] = [];
  for (const way of waysFor(service, context.env)) {
    const attempt = service.ways[way];
    if (attempt === undefined) {
      reasons.push(`there is no ${way} way`);
      continue;
    }
    const patience = setInterval(
      () => say(`still at it, ${Math.round((performance.now() - started) / 1000)} s`),
      PROGRESS_EVERY_MS,
    );
    try {
      const found = await attempt({ ...context, say });
      const why = reasons.length === 0 ? '' : ` (because ${reasons.join('; ')})`;
      say(`ready in ${((performance.now() - started) / 1000).toFixed(1)} s: ${found.from}, ${found.version}${why}`);
      return { name: service.name, found };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      reasons.push(reason.split('\n')[0] ?? way);
      if (way !== 'environment' || context.env[service.variable] !== undefined) say(`not by ${way}: ${reason}`);
    } finally {
      clearInterval(patience);
    }
  }
  return { name: service.name, reason: `${service.name} cannot be had (${reasons.join('; ')}): ${service.advice}` };
}

/** PERDURE_SERVICES is one way for all (`docker`) or one for some (`redis=docker,postgres=local`). */
export function waysFor(
  service: Pick<Service, 'name' | 'variable' | 'ways'>,
  env: ServiceContext['env'],
): readonly Way[] {
  const forced = forcedWay(service.name, env['PERDURE_SERVICES'] ?? '');
  if (forced !== undefined) return [forced];
  // A URL that was set on purpose is never silently replaced by another server.
  if (env[service.variable] !== undefined && env[service.variable] !== '') return ['environment'];
  return WAYS.filter((way) => way !== 'environment' && service.ways[way] !== undefined);
}

function forcedWay(name: string, setting: string): Way | undefined {
  let forced: Way | undefined;
  for (const part of setting
    .split(',')
    .map((text) => text.trim())
    .filter((text) => text !== '')) {
    const [first = '', second] = part.split('=');
    const way = WAYS.find((candidate) => candidate === (second ?? first));
    if (way === undefined)
      throw new Error(`PERDURE_SERVICES takes ${WAYS.join(', ')}, or service=way pairs, not "${part}"`);
    if (second === undefined ? forced === undefined : first === name) forced = way;
  }
  return forced;
}
