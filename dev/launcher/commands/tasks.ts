import { createApplications } from '../applications.js';
import { attachSession, openSession, type Session } from '../session.js';
import { SERVICES } from '../services/index.js';
import { pathWithPrograms } from '../services/postgres-programs.js';
import { readOptions, type Command, type Invocation } from './command.js';

export interface Task {
  readonly name: string;
  readonly file: string;
  readonly summary: string;
  /** Arguments when none are given. */
  readonly defaults?: readonly string[];
  /** Whether it only starts a flow, which a worker then runs. */
  readonly needsWorker?: boolean;
  /** Whether it wants the database as it is, not brought up to date. */
  readonly unmigrated?: boolean;
  /** Whether it runs PostgreSQL's client programs. */
  readonly needsPrograms?: boolean;
}

/** A program of ours that runs once on the services of a profile: those that are up, else its own for as long as it takes. */
export function taskCommand(task: Task): Command {
  return {
    summary: task.summary,
    async run(invocation) {
      const { rest } = readOptions(invocation.args);
      const session = await taskSession(invocation, task.name);
      if (!session.hasApplications && task.unmigrated !== true) {
        const applications = createApplications(session, invocation.console, { reload: false });
        await applications.migrate();
        if (task.needsWorker === true) await applications.startWorker();
      }
      const running = await session.supervisor.start({
        name: task.name,
        command: process.execPath,
        args: ['--import', 'tsx', task.file, ...(rest.length === 0 ? (task.defaults ?? []) : rest)],
        cwd: invocation.root,
        env: {
          ...session.services.env,
          ...(task.needsPrograms === true ? { PATH: await pathWithPrograms(invocation.root) } : {}),
        },
        foreground: true,
        mayEnd: true,
        rank: 0,
      });
      return running.ended;
    },
  };
}

async function taskSession(
  { root, args, console, lifetime }: Invocation,
  command: string,
): Promise<Session & { readonly hasApplications: boolean }> {
  const options = readOptions(args);
  const candidates = options.profile === undefined ? ['dev', 'demo'] : [options.profile];
  for (const profile of candidates) {
    const attached = attachSession(root, profile, lifetime);
    if (attached === undefined) continue;
    console.line(`using the services of profile ${profile}, which are up`);
    return { ...attached, hasApplications: ['demo', 'dev'].includes(attached.command) };
  }
  const session = await openSession(
    {
      root,
      profile: candidates[0] ?? 'dev',
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
  return { ...session, hasApplications: false };
}
