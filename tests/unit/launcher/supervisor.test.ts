import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const READ_INPUT = `process.stdin.on('data', (text) => process.stdout.write('read ' + text))`;

/** What a launcher prints that starts one process and is given `input`. */
function launch(spec: object, input: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'supervisor-'));
  const program = `
    import { createSupervisor } from './dev/launcher/supervisor.ts';
    const nothing = () => undefined;
    const book = { add: nothing, remove: nothing, noteCompose: nothing };
    const supervisor = createSupervisor(${JSON.stringify(folder)}, book);
    const spec = { name: 'reader', command: process.execPath, args: ['-e', ${JSON.stringify(READ_INPUT)}], mayEnd: true };
    const { ended } = await supervisor.start({ ...spec, ...${JSON.stringify(spec)} });
    process.exitCode = await ended;`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], { cwd: ROOT });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stdin.end(input);
  return new Promise((resolve) =>
    child.on('close', (code) => {
      rmSync(folder, { recursive: true });
      resolve(`${output.trim()}, code ${code ?? 'none'}`);
    }),
  );
}

test('start, in the foreground, hands our input to the process', async () => {
  await expect(launch({ foreground: true }, 'an answer\n')).resolves.toBe('read an answer, code 0');
});

test('start, with the terminal for output only, keeps our input from the process', async () => {
  await expect(launch({ inherit: true }, 'an answer\n')).resolves.toBe(', code 0');
});
