import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { delimiter, dirname } from 'node:path';

/**
 * Runs npm on the Node that runs this, so that engine checks and install scripts see the same one. Answers whether it worked.
 * @param {readonly string[]} args
 * @param {{ cwd: string, log: string }} options
 * @returns {Promise<boolean>}
 */
export function runNpm(args, { cwd, log }) {
  const env = { ...process.env };
  env['PATH'] = `${dirname(process.execPath)}${delimiter}${env['PATH'] ?? ''}`;
  // A surrounding `npm run` hands its own settings down; NODE_ENV=production would leave the tools out.
  for (const key of ['NODE_ENV', 'npm_config_prefix', 'npm_config_local_prefix']) delete env[key];
  const output = openSync(log, 'w');
  const [command, ...first] = npmCommand();
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...first, ...args], { cwd, env, stdio: ['ignore', output, output] });
    closeSync(output);
    const stop = () => child.kill('SIGTERM');
    process.once('exit', stop);
    child.on('error', (error) =>
      reject(new Error(`npm could not be started (${error.message}); install Node with npm, or put npm on PATH`)),
    );
    child.on('exit', (code) => {
      process.off('exit', stop);
      resolve(code === 0);
    });
  });
}

/**
 * The last lines of a log, for an error message.
 * @param {string} file
 * @param {number} [lines]
 * @returns {string}
 */
export function tail(file, lines = 15) {
  try {
    return readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .slice(-lines)
      .map((line) => `    ${line}`)
      .join('\n');
  } catch {
    return '    (no output)';
  }
}

/** @returns {[string, ...string[]]} */
function npmCommand() {
  const running = process.env['npm_execpath'];
  return running !== undefined && /npm-cli\.c?js$/.test(running) ? [process.execPath, running] : ['npm'];
}
