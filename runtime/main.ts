import { runCommandLine } from './cli/command-line.ts';
import { createTerminal } from './cli/terminal.ts';
import { commandClock as clock } from './system-clock.ts';

// Process entry: the only file that touches the process's signals and exit status.

/** Ends at once whatever runs. */
const interrupt = new AbortController();
/** Ends it too, but for a host, which lets its viewers finish. */
const drain = new AbortController();
const terminal = createTerminal(process.stdout, process.stderr);
process.once('SIGINT', () => interrupt.abort());
process.once('SIGTERM', () => {
  process.once('SIGTERM', () => interrupt.abort());
  drain.abort();
});
// A pipe that is closed (`| head`) is no reason for a stack trace.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

/** Of everything but a host: both signals end it. */
const ended = AbortSignal.any([interrupt.signal, drain.signal]);
const host = { clock, terminal, signal: interrupt.signal, drainSignal: drain.signal };
// A command may wait for something that keeps no process alive: an answer, or a timer of the clock.
const hold = setInterval(() => {}, 2 ** 30);
process.exitCode = await runCommandLine(process.argv.slice(2), {
  clock,
  terminal,
  signal: ended,
  // Loaded where it is needed: a test encoder or a viewer should not wait for the HTTP server's code.
  run: async (options) => (await import('./run-command.ts')).runHost(options, host),
  camera: async (options) =>
    (await import('./camera-command.ts')).runCamera(options, { clock, terminal, signal: ended }),
  worker: async () => (await import('./worker-command.ts')).runWorker(clock),
  showKeys: async (options) => (await import('./run-command.ts')).showKeys(options, terminal),
  sign: async (options) =>
    (await import('./sign-command.ts')).sign(options, { clock, terminal, env: process.env }),
});
clearInterval(hold);
// What is left by now is sockets that linger; the command has said what it had to say.
process.exit();
