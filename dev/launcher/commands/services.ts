import { openSession } from '../session.js';
import { SERVICES, TEST_SERVICES } from '../services/index.js';
import { readOptions, type Command } from './command.js';

export const servicesCommand: Command = {
  summary: 'start the services alone and keep them up; --profile <name>, --fresh',
  staysUp: true,
  async run({ root, args, console, lifetime }) {
    const options = readOptions(args);
    const profile = options.profile ?? 'dev';
    const forTests = profile.startsWith('test');
    const session = await openSession(
      {
        root,
        profile,
        services: forTests ? TEST_SERVICES : SERVICES,
        fresh: options.fresh,
        command: 'services',
        nodeEnv: forTests ? 'test' : 'development',
        strict: false,
        lenient: forTests,
      },
      lifetime,
      console,
    );
    console.line(`Up. For another shell: . ${session.services.folder}/env    Ctrl-C stops them.`);
    return new Promise<number>((resolve) => {
      session.supervisor.onUnexpectedEnd((name, code, lastLines) => {
        console.line(`${name} ended with code ${code}; its last lines:\n${lastLines}`);
        resolve(1);
      });
    });
  },
};
