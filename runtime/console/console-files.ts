/** Placeholder until the page is merged. */
import type { ConsoleFiles } from '../control/console-server.ts';

export function consoleFiles(): () => Promise<ConsoleFiles> {
  return async () => new Map();
}
