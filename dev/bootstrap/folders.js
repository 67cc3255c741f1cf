import { accessSync, constants, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/**
 * Where built and downloaded programs are kept, shared by every clone of this user.
 * @param {string} root
 * @returns {string}
 */
export function cacheFolder(root) {
  const wanted =
    process.env['PERDURE_CACHE'] || join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'perdure');
  for (const folder of [wanted, join(root, '.perdure', 'cache')]) {
    try {
      mkdirSync(folder, { recursive: true });
      accessSync(folder, constants.W_OK);
      return folder;
    } catch {
      // A read-only or missing home: the clone itself is the cache.
    }
  }
  throw new Error(`cannot write to ${wanted}; set PERDURE_CACHE to a folder that can be written`);
}

/**
 * The full path of a program on PATH.
 * @param {string} name
 * @returns {string | undefined}
 */
export function findOnPath(name) {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    if (folder !== '' && isExecutable(join(folder, name))) return join(folder, name);
  }
  return undefined;
}

/** @param {string} file @returns {boolean} */
export function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
