import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { attachSession, openSession, type Session } from '../session.js';
import { SERVICES } from '../services/index.js';
import { readOptions, type Command, type Invocation } from './command.js';

/** A program of ours that runs once on the services of a profile: those that are up, else its own for as long as it takes. */
export function taskCommand(name: string, file: string, summary: string, defaults: readonly string[] = []): Command {
  return {
    summary,
    async run(invocation) {
      const { rest } = readOptions(invocation.args);
      const { services, supervisor } = await taskSession(invocation, name);
      const task = await supervisor.start({
        name,
        command: process.execPath,
        args: ['--import', 'tsx', file, ...(rest.length === 0 ? defaults : rest)],
        cwd: invocation.root,
        env: services.env,
        inherit: true,
        mayEnd: true,
        rank: 0,
      });
      return task.ended;
    },
  };
}

async function taskSession({ root, args, console, lifetime }: Invocation, command: string): Promise<Session> {
  const options = readOptions(args);
  const candidates = options.profile === undefined ? ['dev', 'demo'] : [options.profile];
  for (const profile of candidates) {
    const attached = attachSession(root, profile, lifetime);
    if (attached === undefined) continue;
    console.line(`using the services of profile ${profile}, which are up`);
    return attached;
  }
  const profile = candidates[0] ?? 'dev';
  if (!existsSync(join(root, '.perdure', profile))) console.line(`starting profile ${profile} for this`);
  return openSession(
    {
      root,
      profile,
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
}
