#!/usr/bin/env node
// Every npm script starts here. Plain JavaScript on nothing but Node 20, because nothing is installed yet.
import { dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { installDependencies } from './bootstrap/dependencies.js';
import { findNode, isRecentEnough, rerunOn } from './bootstrap/node.js';
import { prefetchTemporal } from './bootstrap/temporal.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const NEEDS_TEMPORAL = new Set(['bench', 'chaos', 'demo', 'dev', 'replay', 'services', 'test']);

const [command = 'help', ...args] = process.argv.slice(2);

// Leaving through process.exit lets what was started here end with it.
const interrupted = () => process.exit(130);
const SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

try {
  if (process.platform === 'win32') throw new Error('Perdure runs on Linux and macOS; on Windows use WSL');
  if (isRecentEnough(process.versions.node)) {
    for (const signal of SIGNALS) process.on(signal, interrupted);
    if (NEEDS_TEMPORAL.has(command)) prefetchTemporal(root);
    await installDependencies(root);
    const { register } = await import('tsx/esm/api');
    register();
    const { main } = await import(pathToFileURL(`${root}/dev/launcher/main.ts`).href);
    for (const signal of SIGNALS) process.off(signal, interrupted);
    process.exit(await main(root, command, args));
  }
  process.exit(await rerunOn(await findNode(root), [fileURLToPath(import.meta.url), command, ...args]));
} catch (error) {
  console.error(`perdure: ${error instanceof Error ? error.message : String(error)}`);
  // Whoever reads the last line of a test run finds a verdict there, whatever happened.
  if (command === 'test') console.log('0 passed, 1 failed');
  process.exit(1);
}
