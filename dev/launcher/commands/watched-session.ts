import { openSession, type Session } from '../session.js';
import { SERVICES } from '../services/index.js';
import { readOptions, type Invocation, type Options } from './command.js';

export interface WatchedSession {
  readonly options: Options;
  readonly session: Session;
  /** Resolves with an exit code when a process that should stay up has ended. */
  readonly failure: Promise<number>;
}

/** All services, in the command's own profile unless another is named, for a command that stays up with them. */
export async function openWatchedSession(
  { root, args, console, lifetime }: Invocation,
  command: 'demo' | 'dev',
): Promise<WatchedSession> {
  const options = readOptions(args);
  const session = await openSession(
    {
      root,
      profile: options.profile ?? command,
      services: SERVICES,
      fresh: options.fresh,
      command,
      nodeEnv: 'development',
      strict: false,
      lenient: false,
    },
    lifetime,
    console,
  );
  const failure = new Promise<number>((resolve) => {
    session.supervisor.onUnexpectedEnd((name, code, lastLines) => {
      console.line(`${name} ended with code ${code}; its last lines:\n${lastLines}`);
      resolve(1);
    });
  });
  return { options, session, failure };
}
