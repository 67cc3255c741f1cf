import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

const LOWEST = 15_000;
const SPAN_PER_PROFILE = 40;

/**
 * The first port that outgoing connections may be given. A health check on a port above it can connect to itself and
 * keep the server from listening.
 */
export function firstEphemeralPort(): number {
  try {
    return Math.min(32_768, Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s/)[0]));
  } catch {
    return 32_768;
  }
}

/** Where a profile begins to look for ports: far from other clones' and profiles' with high probability, and always the same. */
export function firstPortOf(owner: string, end: number = firstEphemeralPort()): number {
  const digest = createHash('sha256').update(owner).digest().readUInt32BE(0);
  const slots = Math.floor((end - LOWEST) / SPAN_PER_PROFILE);
  return LOWEST + (digest % slots) * SPAN_PER_PROFILE;
}

/** The first free port at or after `from`, leaving out those taken already; wraps around below the ephemeral range. */
export async function freePort(from: number, taken: ReadonlySet<number>): Promise<number> {
  const end = firstEphemeralPort();
  const count = end - LOWEST;
  for (let step = 0; step < count; step += 1) {
    const port = LOWEST + ((from - LOWEST + step) % count);
    if (!taken.has(port) && (await isFree(port))) return port;
  }
  throw new Error(`no free port between ${LOWEST} and ${end}`);
}

export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
