import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ServiceContext } from './service.js';

const run = promisify(execFile);
let answer: Promise<void> | undefined;

/** Throws when no engine answers or the compose command is missing; asked once. */
export function requireDocker(): Promise<void> {
  answer ??= (async () => {
    await run('docker', ['compose', 'version'], { timeout: 10_000 }).catch(() => {
      throw new Error('`docker compose` is not installed');
    });
    await run('docker', ['info'], { timeout: 10_000 }).catch(() => {
      throw new Error('no Docker engine answers');
    });
  })();
  return answer;
}

/** Starts one service of docker-compose.yml on ports of this profile and waits until its health check passes. */
export async function startComposed(
  context: ServiceContext,
  service: string,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  await requireDocker();
  const project = `perdure-${context.profile.owner}`;
  context.book.noteCompose(project);
  context.say('starting with Docker Compose');
  await run('docker', [...composeArgs(context.profile.root, project), 'up', '--detach', '--wait', service], {
    env: { ...process.env, ...env },
    timeout: 600_000,
  }).catch((error: Error & { stderr?: string }) => {
    throw new Error(
      `docker compose up ${service} failed: ${(error.stderr ?? error.message).trim().split('\n').at(-1)}`,
    );
  });
}

/** Removes a project's containers; their volumes stay. */
export async function stopComposed(root: string, project: string): Promise<void> {
  await run('docker', [...composeArgs(root, project), 'down'], { timeout: 120_000 }).catch(() => undefined);
}

/** Removes a project's data. */
export async function emptyComposed(root: string, project: string): Promise<void> {
  await run('docker', [...composeArgs(root, project), 'down', '--volumes'], { timeout: 120_000 }).catch(
    () => undefined,
  );
}

function composeArgs(root: string, project: string): string[] {
  return ['compose', '--file', join(root, 'docker-compose.yml'), '--project-name', project];
}
