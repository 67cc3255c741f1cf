import { buildCommand } from './build.js';
import { readOptions, type Command } from './command.js';

export const chaosCommand: Command = {
  summary:
    'hurt a shop under load in every way and count what became of its promises; --minutes, --faults, --seed, --shoppers, --out, --readme',
  async run(invocation) {
    const { readChaosOptions } = await import('../../../bench/chaos/options.js');
    const options = readChaosOptions(readOptions(invocation.args).rest);
    if ((await buildCommand.run(invocation)) !== 0) throw new Error('src does not compile');
    const { runChaos } = await import('../../../bench/chaos/main.js');
    return runChaos(invocation.root, options, invocation);
  },
};
