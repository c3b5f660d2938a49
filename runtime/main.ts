import { runCommandLine } from './cli/command-line.ts';
import { createTerminal } from './cli/terminal.ts';
import { commandClock as clock } from './system-clock.ts';

// Process entry: the only file that touches the process's signals and exit status.

const interrupt = new AbortController();
const terminal = createTerminal(process.stdout, process.stderr);
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.once(name, () => interrupt.abort());
}
// A pipe that is closed (`| head`) is no reason for a stack trace.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

const context = { clock, terminal, signal: interrupt.signal };
// A command may wait for something that keeps no process alive: an answer, or a timer of the clock.
const hold = setInterval(() => {}, 2 ** 30);
process.exitCode = await runCommandLine(process.argv.slice(2), {
  ...context,
  // Loaded where it is needed: a test encoder or a viewer should not wait for the HTTP server's code.
  run: async (options) => (await import('./run-command.ts')).runHost(options, context),
  camera: async (options) => (await import('./camera-command.ts')).runCamera(options, context),
  showKeys: async (file) => (await import('./run-command.ts')).showKeys(file, terminal),
});
clearInterval(hold);
// What is left by now is sockets that linger; the command has said what it had to say.
process.exit();
