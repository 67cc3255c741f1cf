import type { Command } from './command.js';
import { servicesCommand } from './services.js';
import { testCommand } from './test.js';

export const COMMANDS: Readonly<Record<string, Command>> = {
  services: servicesCommand,
  test: testCommand,
};
