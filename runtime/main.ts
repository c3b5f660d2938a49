import { runCommandLine } from './cli/command-line.ts';
import { createTerminal } from './cli/terminal.ts';
import { runHost, showKeys } from './run-command.ts';
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
process.exitCode = await runCommandLine(process.argv.slice(2), {
  ...context,
  run: (options) => runHost(options, context),
  showKeys: (file) => showKeys(file, terminal),
});
// What is left by now is sockets that linger; the command has said what it had to say.
process.exit();
