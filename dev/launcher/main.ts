import { createConsole, describe } from './console.js';
import { COMMANDS } from './commands/index.js';
import { createLifetime } from './lifetime.js';

const usage = (): string =>
  [
    'usage: npm run <command> [-- options]',
    '',
    ...Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`),
  ].join('\n');

/** Runs one command and answers the exit code, with everything it started stopped. */
export async function main(root: string, name: string, args: readonly string[]): Promise<number> {
  const console = createConsole();
  const command = COMMANDS[name];
  if (command === undefined) {
    console.line(usage());
    return name === 'help' ? 0 : 2;
  }
  const lifetime = createLifetime();
  let stopping = false;
  const outcome = await Promise.race([
    command.run({ root, args, console, lifetime }).catch((error: unknown) => {
      // What fails because everything is being stopped is no news.
      if (!stopping) console.line(`perdure ${name}: ${describe(error)}`);
      return { code: 1, lastLine: command.lastLineOnFailure ?? '' };
    }),
    lifetime.stopped.then((reason) => {
      stopping = true;
      console.line(`stopping (${reason})`);
      return { code: command.staysUp === true ? 0 : 130, lastLine: command.lastLineOnFailure ?? '' };
    }),
  ]);
  await lifetime.close();
  const { code, lastLine } = typeof outcome === 'number' ? { code: outcome, lastLine: '' } : outcome;
  if (lastLine !== '') console.line(lastLine);
  return code;
}
