import { parseArgs } from 'node:util';
import type { Console } from '../console.js';
import type { Lifetime } from '../lifetime.js';

export interface Invocation {
  readonly root: string;
  readonly args: readonly string[];
  readonly console: Console;
  readonly lifetime: Lifetime;
}

/** The exit code; with the last word, said when everything has stopped. */
export type Outcome = number | { readonly code: number; readonly lastLine: string };

export interface Command {
  readonly summary: string;
  run(invocation: Invocation): Promise<Outcome>;
  /** Ends well when it is interrupted. */
  readonly staysUp?: boolean;
  /** The last word when it could not even run. */
  readonly lastLineOnFailure?: string;
}

export interface Options {
  readonly profile: string | undefined;
  readonly fresh: boolean;
  readonly once: boolean;
  /** What is not ours, in order. */
  readonly rest: readonly string[];
}

/** Our own options; everything else is handed on untouched. */
export function readOptions(args: readonly string[]): Options {
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    tokens: true,
    options: { profile: { type: 'string' } },
  });
  const rest: string[] = [];
  let [profile, fresh, once]: [string | undefined, boolean, boolean] = [process.env['PERDURE_PROFILE'], false, false];
  const skip = new Set<number>();
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    if (token.name === 'profile') {
      profile = token.value;
      skip.add(token.index);
      if (token.inlineValue === false) skip.add(token.index + 1);
    } else if (token.rawName === '--fresh') {
      fresh = true;
      skip.add(token.index);
    } else if (token.rawName === '--once') {
      once = true;
      skip.add(token.index);
    }
  }
  args.forEach((argument, index) => {
    if (!skip.has(index)) rest.push(argument);
  });
  return { profile, fresh, once, rest };
}
