import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { librariesOf, unpackDebian } from '../../../dev/launcher/debian.js';
import type { FaultPlace } from './types.js';

const PACKAGE = 'libfaketime';

/** Debian's libfaketime, which shifts the clock of one process; or why it cannot be had. */
export async function findClock(root: string, say: (text: string) => void): Promise<FaultPlace['clock']> {
  try {
    const folder = await unpackDebian(root, PACKAGE, [PACKAGE], say);
    const library = librariesOf(folder)
      .map((each) => join(each, 'faketime', 'libfaketimeMT.so.1'))
      .find((file) => existsSync(file));
    return library === undefined ? 'libfaketime was not in its package' : { library };
  } catch (error) {
    return `libfaketime cannot be had: ${(error as Error).message}`;
  }
}
