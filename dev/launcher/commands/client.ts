import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Command } from './command.js';

const run = promisify(execFile);

export const clientCommand: Command = {
  summary: "write the client's types anew from the endpoints",
  async run({ root, console }) {
    await run(process.execPath, ['--import', 'tsx', join('dev', 'check', 'client.ts'), '--fix'], { cwd: root });
    console.line('client/schema.ts is what the endpoints describe');
    return 0;
  },
};
