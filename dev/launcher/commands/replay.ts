import { spawn } from 'node:child_process';
import { attachSession } from '../session.js';
import { readOptions, type Command, type Invocation } from './command.js';
import { testCommand } from './test.js';

const CANNOT_ASK = 2;

export const replayCommand: Command = {
  summary: 'replay saved histories; with --from-server what runs now, as a gate before a deploy',
  async run(invocation) {
    const { args } = invocation;
    return args.includes('--from-server')
      ? replayRunning(invocation)
      : testCommand.run({ ...invocation, args: ['tests/replay', ...args] });
  },
};

/** Of a named address, of a profile that is up, or of the environment: nothing is started, as nothing would run there. */
async function replayRunning({ root, args, console, lifetime }: Invocation): Promise<number> {
  const { profile, rest } = readOptions(args);
  const addressed = rest.some((option) => /^--address(=|$)/.test(option));
  const named = profile === undefined ? (process.env['TEMPORAL_ADDRESS'] ? [] : ['dev', 'demo']) : [profile];
  const up = addressed ? [] : named.flatMap((name) => attachSession(root, name, lifetime) ?? []);
  if (profile !== undefined && !addressed && up.length === 0) {
    console.line(`profile ${profile} is not up`);
    return CANNOT_ASK;
  }
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/bin/replay.ts', ...rest], {
    cwd: root,
    env: { ...process.env, ...up[0]?.services.env },
    stdio: 'inherit',
  });
  lifetime.defer(() => void child.kill());
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? CANNOT_ASK)));
}
