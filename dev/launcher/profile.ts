import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { firstPortOf, freePort } from './ports.js';

/** A profile's own state: data, ports, secrets and logs of one purpose (demo, dev, test) in one clone. */
export interface Profile {
  readonly root: string;
  readonly name: string;
  /** `.perdure/<name>` */
  readonly folder: string;
  /** Names this profile among all clones on the machine. */
  readonly owner: string;
  readonly secrets: Secrets;
  /** A port by its purpose; the same one as last time where that is still free. */
  port(purpose: string): Promise<number>;
  /** A folder inside the profile, made when it is not there. */
  subfolder(name: string): string;
}

export interface Secrets {
  readonly postgresPassword: string;
  readonly stripeSecretKey: string;
  readonly stripeWebhookSecret: string;
  readonly vonageApiKey: string;
  readonly vonageApiSecret: string;
  readonly authKeys: string;
  readonly encryptionKeys: string;
  readonly blindIndexKey: string;
}

export function profileFolder(root: string, name: string): string {
  return join(root, '.perdure', name);
}

/** What a profile's data is worth is decided by whoever calls it with `fresh`: everything but the logs goes. */
export function openProfile(root: string, name: string): Profile {
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(name))
    throw new Error(`a profile is named like "demo" or "test-2", not "${name}"`);
  const folder = profileFolder(root, name);
  mkdirSync(folder, { recursive: true });
  const owner = createHash('sha256')
    .update(`${realpathSync(root)}:${name}`)
    .digest('hex')
    .slice(0, 12);
  return {
    root,
    name,
    folder,
    owner,
    secrets: readSecrets(join(folder, 'secrets.json')),
    port: createPortBook(join(folder, 'ports.json'), owner),
    subfolder(subfolder) {
      const path = join(folder, subfolder);
      mkdirSync(path, { recursive: true });
      return path;
    },
  };
}

/** Empties a profile that nobody runs, all but what it `keeps`. */
export function emptyProfile(
  root: string,
  name: string,
  { keeps = [] }: { readonly keeps?: readonly string[] } = {},
): void {
  const folder = profileFolder(root, name);
  for (const entry of [
    'redis',
    'temporal',
    'elasticsearch',
    'mail',
    'stripe',
    'vonage',
    'postgres',
    'imported-sample',
    'keep',
    'secrets.json',
    'ports.json',
  ])
    if (!keeps.includes(entry)) rmSync(join(folder, entry), { recursive: true, force: true });
}

/** Replaces a file in one step and keeps it from other users. */
export function writePrivate(file: string, text: string): void {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, text, { mode: 0o600 });
  chmodSync(draft, 0o600);
  renameSync(draft, file);
}

function readSecrets(file: string): Secrets {
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Secrets;
  const random = (bytes: number): string => randomBytes(bytes).toString('base64url');
  const alphanumeric = (bytes: number): string => randomBytes(bytes).toString('hex');
  const secrets: Secrets = {
    postgresPassword: alphanumeric(16),
    stripeSecretKey: `sk_test_${alphanumeric(16)}`,
    stripeWebhookSecret: `whsec_${alphanumeric(16)}`,
    vonageApiKey: alphanumeric(4),
    vonageApiSecret: alphanumeric(8),
    authKeys: `k1:${random(32)}`,
    encryptionKeys: `k1:${random(32)}`,
    blindIndexKey: random(32),
  };
  writePrivate(file, JSON.stringify(secrets, null, 2));
  return secrets;
}

function createPortBook(file: string, owner: string): (purpose: string) => Promise<number> {
  const remembered = new Map<string, number>(
    existsSync(file) ? Object.entries(JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>) : [],
  );
  const given = new Map<string, number>();
  let turn: Promise<unknown> = Promise.resolve();
  const give = async (purpose: string): Promise<number> => {
    const present = given.get(purpose);
    if (present !== undefined) return present;
    const others = [...remembered].filter(([name]) => name !== purpose).map(([, port]) => port);
    const port = await freePort(remembered.get(purpose) ?? firstPortOf(owner), new Set([...others, ...given.values()]));
    given.set(purpose, port);
    remembered.set(purpose, port);
    writePrivate(file, JSON.stringify(Object.fromEntries(remembered), null, 2));
    return port;
  };
  // One at a time, so that two services starting together are not given the same port.
  return (purpose) => {
    const answer = turn.then(() => give(purpose));
    turn = answer.catch(() => undefined);
    return answer;
  };
}
