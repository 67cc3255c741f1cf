import { spawn } from 'node:child_process';

/** Where a program of PostgreSQL's finds its server, and what it runs with. */
export interface ProgramDatabase {
  /** Without its password, which is in the environment: no list of processes shows it. */
  readonly address: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Runs one of PostgreSQL's own programs to its end; what it has to say is seen.
 * @throws Error when it is not on PATH or fails
 */
export async function runProgram(program: string, args: readonly string[], database?: ProgramDatabase): Promise<void> {
  const child = spawn(program, [...args, ...(database === undefined ? [] : [`--dbname=${database.address}`])], {
    ...(database === undefined ? {} : { env: database.env }),
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'ENOENT'
          ? new Error(`${program} is not on PATH: install PostgreSQL’s client programs, of the server’s version`)
          : error,
      ),
    );
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`${program} ended with code ${code}`);
}
