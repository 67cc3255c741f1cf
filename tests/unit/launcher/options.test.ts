import { readOptions } from '../../../dev/launcher/commands/command.js';

beforeEach(() => {
  delete process.env['PERDURE_PROFILE'];
});

test.each([
  ['nothing', [], { profile: undefined, fresh: false, once: false, rest: [] }],
  ['a profile as its own word', ['--profile', 'a', 'b'], { profile: 'a', fresh: false, once: false, rest: ['b'] }],
  ['a profile after an equals sign', ['--profile=a'], { profile: 'a', fresh: false, once: false, rest: [] }],
  ['our switches', ['--fresh', '--once'], { profile: undefined, fresh: true, once: true, rest: [] }],
  [
    "another program's options between ours",
    ['-t', 'a name', '--fresh', '--runInBand', 'tests/unit', '--testTimeout=5'],
    {
      profile: undefined,
      fresh: true,
      once: false,
      rest: ['-t', 'a name', '--runInBand', 'tests/unit', '--testTimeout=5'],
    },
  ],
])('options, given %s, are split into ours and the rest in order', (_name, args, options) => {
  expect(readOptions(args)).toEqual(options);
});
